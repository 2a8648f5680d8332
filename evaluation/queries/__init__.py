"""What is asked when something is measured: query sets as others publish them, and their judgments."""
