"""Asking every question of a query set, of an index or of a server, and the folder that keeps what came back."""
