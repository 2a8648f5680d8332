"""The headers of our replies, which keep a browser from running or loading anything but our own files.

Pages and their files may load each other; what the API replies may load nothing.
"""

from collections.abc import Sequence

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

_OF_PAGES_AND_FILES = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

PAGE_HEADERS = {**_OF_PAGES_AND_FILES, "cache-control": "no-store"}
"""A page may hold a visitor's question: nothing between the server and their browser keeps it."""


def page_headers(framed_by: Sequence[str]) -> dict[str, str]:
    """Return PAGE_HEADERS of pages that these origins may hold in a frame of theirs."""
    if not framed_by:
        return PAGE_HEADERS
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(framed_by)}")
    return {**PAGE_HEADERS, "content-security-policy": policy}


FILE_HEADERS = {**_OF_PAGES_AND_FILES, "cache-control": "no-cache"}
"""A browser keeps a file but asks about it each time, so that a new version is never mixed with an old one."""

API_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""Those of every reply that has not set its own."""
