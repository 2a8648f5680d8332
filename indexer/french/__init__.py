"""What French text is: one form of it, its words, its sentences. Knows no corpus."""
