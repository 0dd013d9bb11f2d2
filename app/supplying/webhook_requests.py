"""POST to an address that a supplier gave: never into a private network, never redirected, never for long.

The name is resolved here and the very address that was checked is the one connected to, so that a name which changes
its mind in between reaches nothing (OWASP, Server-Side Request Forgery Prevention).
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore

from app.core.errors import InvalidInput

TIMEOUT_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SOCKET_OPTION = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class PrivateAddress(httpcore.ConnectError):
    """The name leads into a private network."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: a status code, or why there is none."""

    status_code: int | None
    error: str
    duration_ms: int

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status_code is not None and 200 <= self.status_code < 300


def is_public(address: str) -> bool:
    """Whether an address belongs to the open internet (IANA special-purpose registries), also inside IPv6."""
    given = ipaddress.ip_address(address)
    if isinstance(given, ipaddress.IPv6Address):
        inside = given.ipv4_mapped or given.sixtofour
        if given in _NAT64:
            inside = ipaddress.IPv4Address(int(given) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return given.is_global and not given.is_multicast


def check_url(url: str, *, private_allowed: bool) -> str:
    """An address that may be told something. Raises `InvalidInput`; names are looked up when something is sent."""
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    schemes = {"https", "http"} if private_allowed else {"https"}
    if parts.scheme not in schemes or not host or parts.username is not None or not url.isascii():
        raise InvalidInput("{url} is no address that can be told: https://…, without a name before @.", field="url",
                           url=url[:200])  # fmt: skip
    if not private_allowed and not _may_be_public(host):
        raise InvalidInput("{host} is inside a private network.", code="private_address", field="url", host=host)
    return url.strip()


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return "." in host.rstrip(".") and not host.rstrip(".").endswith((".local", ".internal", ".localhost"))


class _Hurried(httpcore.NetworkStream):
    """A stream that ends when the whole exchange has taken its time, however slowly bytes trickle."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner, self._until = inner, until

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("too slow")
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Hurried(self._inner.start_tls(ssl_context, server_hostname, self._left()), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Checked(httpcore.NetworkBackend):
    """Connects to public addresses alone, within a time."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._until = time.monotonic() + TIMEOUT_SECONDS

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not self._private_allowed:
            addresses = [address for address in addresses if is_public(address)]
        if not addresses:
            raise PrivateAddress(f"{host} is inside a private network")
        stream = httpcore.SyncBackend().connect_tcp(addresses[0], port, timeout, local_address, socket_options)
        return _Hurried(stream, self._until)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(url: str, headers: Mapping[str, str], body: bytes, *, private_allowed: bool = False) -> Outcome:
    """Send a body and say what came of it. Raises nothing that a receiver could cause."""
    started = time.monotonic()
    status, why = None, ""
    timeouts = {"connect": TIMEOUT_SECONDS, "read": TIMEOUT_SECONDS, "write": TIMEOUT_SECONDS, "pool": TIMEOUT_SECONDS}
    try:
        backend = _Checked(private_allowed=private_allowed)
        with (
            httpcore.ConnectionPool(_tls(), http1=True, network_backend=backend) as pool,
            pool.stream(
                "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}
            ) as answer,
        ):
            status = answer.status
    except (httpcore.TimeoutException, TimeoutError):
        why = f"no answer within {TIMEOUT_SECONDS:.0f} s"
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        OSError,
    ) as error:
        why = str(error)[:300] or type(error).__name__
    return Outcome(status, why, int((time.monotonic() - started) * 1000))
