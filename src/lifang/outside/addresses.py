"""Which addresses a connector may open a connection to: public ones, and those that its file allows.

The name is resolved here, every address it has is looked at, and the caller connects to the address that was looked
at: a name that means something else a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lifang.core import BadInput, Denied, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SHARED = ip_network("100.64.0.0/10")  # carrier-grade NAT, RFC 6598
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215
_COMPATIBLE = ip_network("::/96")  # IPv4-compatible, RFC 4291 §2.5.5.1
# Where clouds hand out the credentials of the machine; allowed only when named one by one.
METADATA = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)


def check_networks(allow: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks written in ``allow`` (an address or ``address/bits``); ``BadInput`` names the bad one."""
    found = []
    for text in allow:
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise BadInput(
                f"{text!r} in `allow` is neither an address nor a network: {error}.",
                where="source.allow",
                mend="Write for example 10.1.2.3 or 10.1.2.0/24. Names are not allowed here, they can change.",
            ) from error
    return tuple(found)


@contextmanager
def allowed_in(table: str) -> Iterator[None]:
    """Say of an address that may not be reached in which table of ``city.toml`` it would be allowed."""
    try:
        yield
    except Denied as error:
        mend = f"If it is meant, an administrator names it in `allow` or `ports` of [{table}] in city.toml."
        raise Denied(error.what, where=error.where, mend=mend) from error


def permitted_addresses(host: str, port: int, allow: Sequence[Network]) -> list[str]:
    """Return the addresses of ``host`` to connect to.

    ``Denied`` if any of its addresses is neither public nor allowed, ``Unavailable`` if the name has none.
    """
    try:
        told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"The name {host!r} has no address: {error}.", where=host, mend="Check the name.") from error
    found = list(dict.fromkeys(str(each[4][0]) for each in told))
    for text in found:
        reason = why_not(text, allow)
        if reason:
            raise Denied(
                f"{host} is at {text}: {reason}.",
                where=f"{host}:{port}",
                mend=f'If that is meant, an administrator allows it: allow = ["{text.partition("%")[0]}"] in [source].',
            )
    return found


def why_not(text: str, allow: Sequence[Network]) -> str:
    """Return why no connection may go to the address ``text``, nothing if one may."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "that is no address"
    meant = [address, *hidden(address)]
    named = [network for network in allow if network.num_addresses == 1 or not METADATA.intersection(meant)]
    for each in meant:
        reason = _reason(each)
        if reason and not any(_in(one, network) for network in named for one in (each, address)):
            return reason
    return ""


def hidden(address: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 address stands for: mapped, compatible, 6to4, NAT64, Teredo."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address] = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    if address.teredo:
        found += list(address.teredo)
    if any(address in network for network in (*_NAT64, _COMPATIBLE)) and int(address) > 1:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


_KINDS = (
    ("is_unspecified", "it is the unspecified address"),
    ("is_loopback", "it is this machine itself"),
    ("is_link_local", "it is link-local"),
    ("is_multicast", "it is multicast"),
    ("is_private", "it is in a private network"),
    ("is_reserved", "it is reserved"),
)


def _reason(address: Address) -> str:
    if address in METADATA:
        return "it hands out a cloud machine's credentials"
    for kind, reason in _KINDS:
        if getattr(address, kind):
            return reason
    if address.version == 4 and address in _SHARED:
        return "it is in a provider's shared network"
    if isinstance(address, IPv6Address) and hidden(address):
        return ""  # judged by the addresses that it stands for
    return "" if address.is_global else "it is not public"
