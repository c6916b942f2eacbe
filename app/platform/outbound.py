"""Requests to addresses that a merchant typed: never to our own network, whatever the name resolves to.

The name is resolved once, every address it has must be a public one, and the connection goes to that very
address: a name that answers differently the second time gains nothing. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi
import urllib3

from app.platform.i18n import gettext

TIMEOUT = urllib3.Timeout(connect=3.05, read=10)
_PORTS = (443, 8443)
_ANSWER_BYTES = 65_536
# Addresses that lead to others: what hides behind them cannot be judged.
_TRANSLATED = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32")]

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnsafeAddress(ValueError):
    """An address that we do not send to; the message says which one to enter instead."""


class Unreachable(RuntimeError):
    """The other side did not answer, or said that it cannot now."""


@dataclass(frozen=True)
class Target:
    """A checked web address and the network addresses behind its name."""

    host: str
    port: int
    path: str
    addresses: Sequence[str]


def lookup(host: str, port: int) -> list[str]:
    """The network addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(text: str) -> bool:
    """Whether a network address is one of the public internet."""
    address: IpAddress = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in net for net in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True)
class Outbound:
    """Posts to checked addresses; `resolve` and `allowed` are the network's own but in tests."""

    resolve: Callable[[str, int], Sequence[str]] = lookup
    allowed: Callable[[str], bool] = is_public
    ports: Sequence[int] = _PORTS
    ca_certs: str = certifi.where()

    def check(self, url: str) -> Target:
        """The address, resolved. Raises UnsafeAddress, Unreachable (the name is not known now)."""
        target = self._parsed(url)
        try:
            addresses = self.resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(gettext("The name %(host)s cannot be found.", host=target.host)) from error
        if not addresses or not all(self.allowed(address) for address in addresses):
            raise UnsafeAddress(gettext("Enter an address on the public internet."))
        return Target(target.host, target.port, target.path, addresses)

    def _parsed(self, url: str) -> Target:
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname or "", parts.port or 443
        except ValueError as error:
            raise UnsafeAddress(gettext("Enter a web address that starts with https://.")) from error
        if parts.scheme != "https" or not host or len(url) > 2000 or not url.strip().isprintable():
            raise UnsafeAddress(gettext("Enter a web address that starts with https://."))
        if parts.username is not None or parts.password is not None:
            raise UnsafeAddress(gettext("Enter the address without a user name or password."))
        if port not in self.ports:
            raise UnsafeAddress(gettext("Enter an address without a port of its own."))
        return Target(host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), ())

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post the bytes; returns the answer's status. Raises UnsafeAddress, Unreachable."""
        target = self.check(url)
        try:
            with self._pool(target) as pool:
                answer = pool.urlopen(
                    "POST",
                    target.path,
                    body=body,
                    headers={"Host": _host_header(target), "User-Agent": "Fluxor", **headers},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                answer.read(_ANSWER_BYTES)
                answer.close()
                return int(answer.status)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            words = gettext("%(host)s cannot be reached.", host=target.host)
            raise Unreachable(f"{words} ({type(error).__name__})") from error

    def _pool(self, target: Target) -> urllib3.HTTPSConnectionPool:
        """A connection to the address that was checked; the certificate must be the name's."""
        return urllib3.HTTPSConnectionPool(
            target.addresses[0],
            target.port,
            server_hostname=target.host,
            assert_hostname=target.host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self.ca_certs,
            timeout=TIMEOUT,
        )


def _host_header(target: Target) -> str:
    return target.host if target.port == 443 else f"{target.host}:{target.port}"
