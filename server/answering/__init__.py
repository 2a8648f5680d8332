"""The way of a question to a reply, without HTTP."""
