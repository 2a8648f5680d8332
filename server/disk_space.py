"""When a disk counts as full, and what is said of it to whoever runs the server."""

_LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below it a disk is as good as full: the next index may not fit, and the log of the feedback takes some megabytes."""


def told_if_full(what: str, *, free_bytes: int) -> str | None:
    """Return what to tell of the disk of *what*, such as "the index"; None where it has room."""
    if free_bytes >= _LEAST_FREE_BYTES:
        return None
    return f"The disk of {what} has {free_bytes // 1024 // 1024} MB left. Free some space on it."
