"""The address that a request comes from."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

SUBSCRIBER_BITS = 64  # leading bits of an IPv6 address that identify a subscriber


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address with or without a port; None if it is not an address."""
    # Without the interface of a local IPv6 address, which may have any length.
    text = text.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_address(request: HttpRequest) -> str:
    """The visitor's address; "" if it is unknown.

    X-Forwarded-For is trusted only from a proxy named in the settings or over a Unix socket, and
    of its entries only the one written by the outermost of our own proxies.
    """
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    trusted = peer is None or any(peer in network for network in settings.TRUSTED_PROXIES)
    if settings.PROXIES and trusted and len(forwarded) >= settings.PROXIES:
        peer = _parse(forwarded[-settings.PROXIES]) or peer
    return str(peer) if peer else ""


def subscriber_address(request: HttpRequest) -> str:
    """The address by which attempts are counted; of an IPv6 address the subscriber's prefix."""
    address = _parse(client_address(request))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, SUBSCRIBER_BITS), strict=False).network_address)
    return str(address) if address else ""
