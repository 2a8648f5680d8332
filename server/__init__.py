"""The way of a question to a reply, over HTTP or in the terminal."""
