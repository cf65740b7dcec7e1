"""A transport in memory that answers any batch in the form of a cassette; and a cache in memory."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ....application.embedding.cache import EmbeddingCacheBase
from ....application.embedding.model import EmbeddingModelBase
from ....domain.embedding.values import Embedding, EmbeddingResponse
from ....domain.errors import ModelError
from ....ports.http import HttpRequest, HttpResponse
from ..core.mutated_transport import MutatedAnswer, MutatedTransport
from ..core.recordings import path_ending
from ..model.model_contract import CallResult
from .response_template import Template

__all__ = ["Before", "BrokenCache", "EchoTransport", "MemoryCache", "embed"]

Before = Callable[[int, list[Any]], Awaitable[MutatedAnswer | None]]
"""Called before each answer with the number of the request and its inputs; may wait, or return another answer."""


class EchoTransport:
    """Answers each request with a vector for each of its inputs, unless `before` returns another answer."""

    def __init__(self, templates: Mapping[str, Template], before: Before | None = None) -> None:
        self._templates = templates
        self.requests: list[HttpRequest] = []
        self.batches: list[list[Any]] = []  # Any: inputs in the provider's form
        self.waiting = asyncio.Event()
        self.in_flight = self.most_in_flight = 0
        self._before = before
        self._answers: list[MutatedTransport] = []

    @property
    def unclosed(self) -> int:
        """How many answers were neither read to their end nor closed."""
        return sum(answer.unclosed for answer in self._answers)

    @property
    def sent_bytes(self) -> bytes:
        """The bodies of all requests."""
        return b"".join(request.body for request in self.requests)

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        """One vector for each input."""
        template = self._template(request)
        number, inputs = len(self.requests), template.inputs(request.body)
        self.requests.append(request)
        self.batches.append(inputs)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = await self._before(number, inputs) if self._before is not None else None
        finally:
            self.in_flight -= 1
        echo = MutatedAnswer(200, template.tape.headers, (template.echo(request.body),))
        player = MutatedTransport(answer or echo)
        self._answers.append(player)
        return await player.send(request, on_connected)

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _template(self, request: HttpRequest) -> Template:
        """That of the endpoint, else any."""
        ending = path_ending(urlsplit(request.url).path)
        return self._templates.get(ending) or next(iter(self._templates.values()))


class MemoryCache(EmbeddingCacheBase):
    """The four methods, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Embedding]] = {}

    async def store(self, embeddings: list[Embedding], identifier: Any, overwrite: bool = False) -> None:
        """Keep the vectors."""
        if overwrite or _key(identifier) not in self.kept:
            self.kept[_key(identifier)] = embeddings

    async def retrieve(self, identifier: Any) -> list[Embedding] | None:
        """The vectors, or `None`."""
        return self.kept.get(_key(identifier))

    async def remove(self, identifier: Any) -> None:
        """Forget an entry."""
        if self.kept.pop(_key(identifier), None) is None:
            raise FileNotFoundError("there is no such entry")

    async def clear(self) -> None:
        """Forget everything."""
        self.kept.clear()


class BrokenCache(MemoryCache):
    """A cache on a disk that is gone."""

    async def retrieve_many(self, identifiers: Sequence[Any]) -> Sequence[list[Embedding] | None]:
        """Fails."""
        raise OSError("the disk is gone")

    async def store_many(self, entries: Sequence[Any], overwrite: bool = False) -> None:
        """Fails."""
        raise OSError("the disk is gone")


def _key(identifier: Any) -> str:  # Any: a JSON value
    return json.dumps(identifier, sort_keys=True)


async def embed(model: EmbeddingModelBase[Any], inputs: Sequence[Any], **options: Any) -> CallResult:
    """Embed the inputs (Any: whatever an input may be, fields of the provider's); a `ModelError` is kept."""
    try:
        response: EmbeddingResponse = await model(inputs, **options)
    except ModelError as error:
        return CallResult(error=error)
    usage = dataclasses.replace(response.usage, time=0.0) if response.usage is not None else None
    return CallResult(([list(vector) for vector in response.embeddings], usage), response)
