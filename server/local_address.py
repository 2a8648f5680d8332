"""Whether an address is of this machine itself: no proxy that the environment names is a way there."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_this_machine(url: str) -> bool:
    """Return whether the host of *url*, by its name alone, is this machine; False for what is no address."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
