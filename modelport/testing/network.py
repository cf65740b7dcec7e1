"""A guard that keeps a test run on this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["NetworkForbiddenError", "forbid_network"]

_LOCAL_NAMES = frozenset({"", "localhost"})


class NetworkForbiddenError(AssertionError):
    """A test tried to leave the machine."""


@contextmanager
def forbid_network() -> Iterator[None]:
    """Within it, sockets reach loopback addresses and Unix sockets only, and no other host's name is looked up.

    Everything that is built on Python's sockets is held to it, whatever the thread or event loop: HTTP clients,
    WebSockets, asyncio's connections and datagrams. Loops with sockets of their own, such as uvloop, are not seen.
    """
    guarded = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    lookup = socket.getaddrinfo
    for name, method in guarded.items():
        setattr(socket.socket, name, _guarded(method))
    socket.getaddrinfo = _guarded_lookup(lookup)
    try:
        yield
    finally:
        for name, method in guarded.items():
            setattr(socket.socket, name, method)
        socket.getaddrinfo = lookup


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:  # Any: as the socket's methods
    """The same method of a socket, after a look at the address, which is its last argument."""

    def checked(self: socket.socket, *arguments: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and arguments and isinstance(arguments[-1], tuple):
            _check(str(arguments[-1][0]))
        return method(self, *arguments)

    return checked


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:  # Any: as `socket.getaddrinfo`
    """The same lookup, for names of this machine; an address is no name, and connecting to it is looked at later."""

    def checked(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name is not None and _is_name(name) and name != socket.gethostname():
            _check(name)
        return lookup(host, port, *arguments, **options)

    return checked


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    """Whether looking it up would ask another machine: not for addresses, short forms of them, and impossible names."""
    if _address(host) is not None:
        return False
    try:
        socket.inet_aton(host)
    except (OSError, UnicodeError):
        pass
    else:
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _check(host: str) -> None:
    address = _address(host)
    if not (address.is_loopback if address else host.lower() in _LOCAL_NAMES):
        raise NetworkForbiddenError(f"a test tried to connect to {host}; use a loopback server or a cassette")
