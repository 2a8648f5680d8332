"""Many questions at once, from a file to a file: how people have them, and the replies beside them."""
