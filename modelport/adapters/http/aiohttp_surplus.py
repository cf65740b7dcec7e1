"""Closes aiohttp's connections to servers that send more than was asked of them. Imported with the library, late."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler

__all__ = ["GuardedConnector"]


class GuardedConnector(TCPConnector):
    """A connector whose connections are closed by bytes that come after the end of an answer.

    The library would take them for the answer to the next request on that connection.
    """

    def __init__(self, **options: Any) -> None:  # Any: arguments of the library's
        super().__init__(**options)
        self._factory = partial(cast("type[ResponseHandler]", _Handler), loop=self._loop)


class _Handler(ResponseHandler):
    """One connection. `_answered` says that the answer to the last request has arrived whole."""

    _answered = False
    _final = True

    def set_response_params(self, **options: Any) -> None:
        self._answered = False
        super().set_response_params(**options)

    def feed_data(self, data: Any, size: int = 0) -> None:  # a message and its body
        self._final = data[0].code >= 200
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        if self._answered and data:
            if self.transport is not None:
                self.transport.close()
            return
        super().data_received(data)
        payload = self._payload
        self._answered = self._final and payload is not None and payload.is_eof()
