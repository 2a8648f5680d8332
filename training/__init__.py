"""What teaches the weights that ship with the program, and those of one FAQ. No other package imports it."""
