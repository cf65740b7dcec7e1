"""A guard that keeps a test run on this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["NetworkForbiddenError", "forbid_network"]


class NetworkForbiddenError(AssertionError):
    """A test tried to leave the machine."""


@contextmanager
def forbid_network() -> Iterator[None]:
    """Within it, sockets connect to loopback addresses and Unix sockets only; anything else raises."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked_connect(self: socket.socket, address: Any) -> None:  # Any: an address of the socket's family
        _check(self, address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:  # Any: as above
        _check(self, address)
        return connect_ex(self, address)

    socket.socket.connect = checked_connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = checked_connect_ex  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise NetworkForbiddenError(f"a test tried to connect to {host}; use a loopback server or a cassette")
