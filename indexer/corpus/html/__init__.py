"""HTML as people paste and save it: a tree of what was written, and that as Markdown."""
