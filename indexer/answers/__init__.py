"""What an index keeps of each answer: its text, the passages that stand for it, and the facets it belongs to."""
