"""Loads media that an API cannot fetch itself: over HTTP from public addresses, and files below allowed folders."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain.errors import MediaError
from ...domain.message.blocks import Base64Source, URLSource
from ...domain.message.urls import shown_url
from ...ports.clock import Clock
from ...ports.http import HttpTransport
from ..net.clock import SystemClock

if TYPE_CHECKING:
    from .addresses import Resolver
    from .cache import RecentTexts, SharedWork
    from .fetch import HttpFetcher

__all__ = ["HttpMediaLoader"]


class HttpMediaLoader:
    """The media loader port over the HTTP transport.

    What came over HTTP is kept in memory by URL and media type, and asked for once however many ask at a time; files
    are read anew each time. No credentials or cookies are sent, and messages never show a URL's query.

    Args:
        transport: sends the requests; it must honour `HttpRequest.address`.
        roots: folders below which `file://` URLs may be read; none by default.
        allow_private: fetch from any address. Nothing is looked up here then, unless there is a `resolver`: also the
            way out where only a proxy can look names up.
        max_bytes: the largest file or body, in bytes.
        cache_bytes: how much to keep, in bytes of base64 (4/3 of the media's own).
        timeout: seconds that one load may take, redirects included.
        clock: measures the timeout.
        resolver: looks hosts up; by default the system does.
    """

    def __init__(
        self,
        transport: HttpTransport,
        *,
        roots: Sequence[Path] = (),
        allow_private: bool = False,
        max_bytes: int = 20 * 1024 * 1024,
        cache_bytes: int = 64 * 1024 * 1024,
        timeout: float = 30.0,
        clock: Clock | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self._transport = transport
        self._resolver = resolver
        self._allow_private = allow_private
        self._cache_bytes = cache_bytes
        self._roots = tuple(roots)
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._clock = clock or SystemClock()

    @cached_property
    def _parts(self) -> tuple[HttpFetcher, RecentTexts, SharedWork]:
        """Made for the first media: most programs load none."""
        from .addresses import look_up
        from .cache import RecentTexts, SharedWork
        from .fetch import HttpFetcher

        resolver = look_up if self._resolver is None and not self._allow_private else self._resolver
        fetcher = HttpFetcher(
            self._transport, resolver=resolver, allow_private=self._allow_private, max_bytes=self._max_bytes
        )
        return fetcher, RecentTexts(self._cache_bytes), SharedWork()

    async def load(self, source: URLSource) -> Base64Source:
        """The media with the type that the source declares; raises `MediaError` with the reason and what to do."""
        if source.url[:5].lower() == "file:":
            from .files import read_file_url

            reading = asyncio.to_thread(read_file_url, source.url, self._roots, self._max_bytes)
            text = await self._in_time(source.url, reading)
        else:
            key = (source.url, source.media_type)
            _, recent, shared = self._parts
            text = recent.get(key) or await shared.run(key, lambda: self._fetch(source))
        return Base64Source(data=text, media_type=source.media_type)

    async def _fetch(self, source: URLSource) -> str:
        fetcher, recent, _ = self._parts
        text = await self._in_time(source.url, fetcher.fetch(source.url, source.media_type))
        recent.put((source.url, source.media_type), text)
        return text

    async def _in_time(self, url: str, work: Coroutine[Any, Any, str]) -> str:  # Any: nothing is sent to it
        """The work's result; `MediaError` when it takes too long."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:
                timer = self._clock.call_later(self._timeout, lambda: limit.reschedule(loop.time()))
                try:
                    return await work
                finally:
                    timer.cancel()
        except TimeoutError as error:
            raise MediaError(f"{shown_url(url)} took longer than {self._timeout:g} s to load") from error
