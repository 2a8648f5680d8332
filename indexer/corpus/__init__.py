"""A corpus as its editors keep it: reading it in any of its forms, and every problem of it at once, in French."""
