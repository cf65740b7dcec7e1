"""A guard that forbids connections to other machines during tests."""

from __future__ import annotations

import importlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

__all__ = ["NetworkForbiddenError", "forbid_network"]

_LOCAL_NAMES = frozenset({"", "localhost"})


class NetworkForbiddenError(AssertionError):
    """A test tried to reach another machine."""


_METHODS = ("connect", "connect_ex", "sendto", "sendmsg")
_NAMED_FIRST = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
"""The lookups whose first argument is a host."""

_LOOP_CALLS = {"create_connection": 1, "create_datagram_endpoint": None, "sock_connect": 1, "sock_sendto": 2}
"""The calls of uvloop's loops that name another end: where, behind the loop; `None` where it is named `remote_addr`."""

_lock = threading.Lock()
_unguarded: list[tuple[Any, str, Any]] = []
"""The functions that are replaced now, and their originals (Any: a class or module, a function)."""
_guards = 0


@contextmanager
def forbid_network() -> Iterator[None]:
    """Within it, sockets reach loopback addresses and Unix sockets only, and no other host's name is looked up.

    Everything in this process that is built on Python's sockets is held to it, whatever the thread or event loop: HTTP
    clients, WebSockets, asyncio's connections and datagrams, and the connections of uvloop's loops. Child processes are
    not seen. Several guards may be up at once; the last one to go takes the rest away.
    """
    global _guards
    with _lock:
        _guards += 1
        if _guards == 1:
            _put_up()
    try:
        yield
    finally:
        with _lock:
            _guards -= 1
            if _guards == 0:
                _take_down()


def _put_up() -> None:
    for name in _METHODS:
        if hasattr(socket.socket, name):  # Windows has no `sendmsg`
            _replace(socket.socket, name, _guarded)
    for name in _NAMED_FIRST:
        _replace(socket, name, _guarded_lookup)
    _replace(socket, "getnameinfo", _guarded_naming)
    if find_spec("uvloop") is not None:  # its loops have sockets of their own
        loops = importlib.import_module("uvloop").Loop
        for name in _LOOP_CALLS:
            _replace(loops, name, _guarded_loop)
        _replace(loops, "getaddrinfo", _guarded_loops_lookup)


def _take_down() -> None:
    while _unguarded:
        setattr(*_unguarded.pop())


def _replace(owner: Any, name: str, guard: Callable[[Any], Any]) -> None:  # Any: as above
    original = getattr(owner, name)
    _unguarded.append((owner, name, original))
    setattr(owner, name, guard(original))


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:  # Any: as the socket's methods
    """The same method of a socket, after a check of the address, which is its last argument."""

    def checked(self: socket.socket, *arguments: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and arguments and isinstance(arguments[-1], tuple):
            _check(_text(arguments[-1][0]))
        return method(self, *arguments)

    return checked


def _guarded_loop(method: Callable[..., Any]) -> Callable[..., Any]:  # Any: as the loop's methods
    """The same method of a loop, after a check of the other end, a host or an address."""
    place = _LOOP_CALLS[method.__name__]

    def checked(self: Any, *arguments: Any, **options: Any) -> Any:  # Any: a loop
        end = options.get("host") or options.get("address") or options.get("remote_addr")
        if place is not None and len(arguments) > place:
            end = arguments[place]
        host = end[0] if isinstance(end, tuple) else end
        if host is not None and not (isinstance(host, str) and host.startswith("/")):  # a Unix socket's path
            _check(_text(host))
        return method(self, *arguments, **options)

    return checked


def _guarded_loops_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:  # Any: as above
    """The same lookup of a loop, for names of this machine."""

    def checked(self: Any, host: Any, *arguments: Any, **options: Any) -> Any:  # Any: a loop
        if host is not None and _is_name(_text(host)) and host != socket.gethostname():
            _check(_text(host))
        return lookup(self, host, *arguments, **options)

    return checked


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:  # Any: as `socket.getaddrinfo`
    """The same lookup, for names of this machine; addresses pass, since connecting to them is checked later."""

    def checked(host: Any, *arguments: Any, **options: Any) -> Any:
        name = None if host is None else _text(host)
        by_address = lookup.__name__ == "gethostbyaddr"
        if name is not None and (by_address or _is_name(name)) and name != socket.gethostname():
            _check(name)
        return lookup(host, *arguments, **options)

    return checked


def _guarded_naming(lookup: Callable[..., Any]) -> Callable[..., Any]:  # Any: as `socket.getnameinfo`
    """The same lookup of an address's name, which needs no other machine when it stays a number."""

    def checked(address: Any, flags: int) -> Any:
        if not flags & socket.NI_NUMERICHOST:
            _check(_text(address[0]))
        return lookup(address, flags)

    return checked


def _text(host: Any) -> str:  # Any: sockets take texts and bytes
    return bytes(host).decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)


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
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not (address.is_loopback if address else host.lower() in _LOCAL_NAMES):
        raise NetworkForbiddenError(f"a test tried to connect to {host}; use a loopback server or a cassette")
