"""Check the addresses of partners' webhooks, at registration and again at each call."""

import asyncio
import ipaddress
import socket
import ssl
from functools import cache
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpx

from services.referral.partner.errors import AddressRefused
from shared.setting_faults import LOOPBACK
from shared.settings import Settings
from shared.words import Words

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
HTTPS_PORT = 443
GLOBAL_UNICAST_V6 = ipaddress.ip_network("2000::/3")
# All that IANA assigns to hosts. Mapped IPv4, NAT64, unique local, link-local and multicast are outside it.
# IANA's special-purpose registries for IPv4 and IPv6, and multicast. Python's `is_global` differs between versions.
SPECIAL_PURPOSE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared address space of providers
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relay anycast
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks, AS112
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address within
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


class Allowed:
    """What this process may call.

    Port 443 of public hosts with certificates of public CAs, unless `configure` allows more.
    """

    ports: frozenset[int] = frozenset({HTTPS_PORT})
    loopback: bool = False
    networks: tuple[Network, ...] = ()
    ca_file: Path | None = None


def configure(settings: Settings) -> None:
    """Take ports, networks, CAs, and whether this machine may be called, from the settings.

    Raises:
        OSError: the file of CAs cannot be read, or has none.
    """
    Allowed.ports, Allowed.loopback = frozenset(settings.webhook_ports), settings.webhook_loopback
    Allowed.networks = tuple(settings.webhook_networks)
    Allowed.ca_file = settings.webhook_ca_file
    trust(Allowed.ca_file)


@cache  # Reading the public CAs takes 17 ms, as long as the rest of a call.
def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context that trusts the public CAs and those of a file."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def check_form(url: str) -> SplitResult:
    """Return the parts of a webhook address.

    Raises:
        AddressRefused: not https, a port that is not allowed, a user or fragment, an address that is not
            public, or unreadable. The settings may allow ports and networks. With the setting `webhook_loopback`, this machine may be called by http on
            any port.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, port_of(parts)
    except ValueError:
        raise _refused("it cannot be read", "tidak terbaca") from None
    if not host or parts.username is not None or parts.fragment:
        raise _refused(
            "it needs a host, and no user or fragment", "perlu nama host, tanpa pengguna atau fragmen"
        )
    if Allowed.loopback and host in LOOPBACK and parts.scheme in {"http", "https"}:
        return parts
    if parts.scheme != "https":
        raise _refused("it must be https", "harus https")
    if port not in Allowed.ports:
        ports = ", ".join(map(str, sorted(Allowed.ports)))
        raise _refused(f"its port must be one of {ports}", f"port harus salah satu dari {ports}")
    if (address := _literal(host)) is not None:
        _require_public(address)
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port of an address, or the default port of its scheme."""
    if parts.port is not None:
        return parts.port
    return HTTPS_PORT if parts.scheme == "https" else 80


async def resolve(parts: SplitResult) -> str:
    """Return the address to connect to.

    Raises:
        AddressRefused: one of the addresses of the name is neither public nor in an allowed network.
        OSError: the name is not known.
    """
    loop = asyncio.get_running_loop()
    rows = await loop.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(row[4][0]) for row in rows]
    for address in addresses:
        _require_public(address)
    return str(addresses[0])


def is_public(address: Address) -> bool:
    """Return whether an address is that of one publicly reachable host."""
    if address.version == 6 and address not in GLOBAL_UNICAST_V6:
        return False
    return not any(address in network for network in SPECIAL_PURPOSE)


def _require_public(address: Address) -> None:
    is_allowed = (Allowed.loopback and address.is_loopback) or any(
        address in network for network in Allowed.networks
    )
    if not is_public(address) and not is_allowed:
        raise _refused(
            "it points into a private network, or not to a single host",
            "mengarah ke jaringan tertutup, atau bukan ke satu host",
        )


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refused(reason: str, reason_id: str) -> AddressRefused:
    return AddressRefused("/body/webhook_url", reason=Words(reason, reason_id))
