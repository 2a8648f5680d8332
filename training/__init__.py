"""What teaches the weights that ship with the program. Nothing imports it, and no index needs it."""
