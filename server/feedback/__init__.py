"""What visitors said of the answers, and their questions where the operator allows it."""
