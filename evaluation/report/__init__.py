"""A run as something to look at: one HTML page with its figures, or tables in a terminal."""
