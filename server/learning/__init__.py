"""What visitors' questions can teach the FAQ: proposals for its editors, who decide, and what becomes of it."""
