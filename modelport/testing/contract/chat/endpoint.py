"""Which endpoint a chat class calls, found by letting it call nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ....domain.errors import ModelConnectionError, ModelError
from ....ports.http import HttpRequest, HttpResponse
from ..core.recordings import path_ending
from .collect import question

if TYPE_CHECKING:
    from .contract import ChatContract

__all__ = ["Nowhere", "endings_of"]


_known: WeakKeyDictionary[type[ChatContract], frozenset[str]] = WeakKeyDictionary()


class Nowhere:
    """A transport that keeps requests and answers none."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """Keep the request."""
        self.requests.append(request)
        await asyncio.sleep(0)  # so that a call that never gives up can be stopped
        raise ModelConnectionError("nobody is here", retryable=False)

    async def aclose(self) -> None:
        """Nothing is open."""


def endings_of(contract: type[ChatContract]) -> frozenset[str]:
    """How the paths end that the class sends requests to; empty when it sends none.

    Asked in a thread, since pytest wants to know while it collects, and a runner from within an event loop.
    """
    if contract not in _known:
        with ThreadPoolExecutor(1) as threads:
            _known[contract] = threads.submit(asyncio.run, _endings(contract())).result()
    return _known[contract]


async def _endings(contract: ChatContract) -> frozenset[str]:
    nowhere = Nowhere()
    for stream in (True, False):
        with contextlib.suppress(ModelError, TimeoutError):
            async with asyncio.timeout(contract.patience):
                await contract.build(nowhere, stream=stream, max_retries=0)(question())
    return frozenset(path_ending(urlsplit(request.url).path) for request in nowhere.requests)
