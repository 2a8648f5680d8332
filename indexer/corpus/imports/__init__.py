"""Bringing an FAQ in: from a table, a saved web page or a Word document to one Markdown file an answer."""
