"""The atelier: what editors read of their visitors and decide, and what operators see of the index."""
