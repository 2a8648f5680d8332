"""Teaching the bundled encoder one FAQ's own questions."""
