"""From where a request comes."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

ONE_PLACE = 64  # leading bits of IPv6 that one subscriber has to themselves


def _read(words: str) -> IPv4Address | IPv6Address | None:
    """An address with or without its port; None where it is none."""
    words = words.strip().partition("%")[
        0
    ]  # without the interface of a local address of IPv6, which is of any length
    if words.startswith("["):
        words = words[1:].partition("]")[0]
    elif words.count(":") == 1:
        words = words.partition(":")[0]
    try:
        address = ip_address(words)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_address(request: HttpRequest) -> str:
    """The visitor's address; "" where nothing tells.

    What X-Forwarded-For says counts only from a proxy that the settings name, or over a socket of
    this machine, and only the entry that the outermost of our own proxies wrote.
    """
    peer = _read(request.META.get("REMOTE_ADDR", ""))
    noted = request.headers.get("X-Forwarded-For", "").split(",")
    trusted = peer is None or any(peer in network for network in settings.TRUSTED_PROXIES)
    if settings.PROXIES and trusted and len(noted) >= settings.PROXIES:
        peer = _read(noted[-settings.PROXIES]) or peer
    return str(peer) if peer else ""


def place(request: HttpRequest) -> str:
    """The address as attempts are counted by: of IPv6 the part that one subscriber has."""
    address = _read(client_address(request))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, ONE_PLACE), strict=False).network_address)
    return str(address) if address else ""
