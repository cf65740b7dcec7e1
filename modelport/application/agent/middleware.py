"""What may stand between an agent's reply and who reads it."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

from ...domain.errors import InvalidRequestError
from ...domain.message.events import Event

if TYPE_CHECKING:
    from .agent import Agent

__all__ = ["Middleware", "MiddlewareBase", "layer_of"]


class Middleware(Protocol):
    """Anything with `on_reply`; an agent's first middleware is the outermost."""

    def on_reply(self, agent: Agent, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """The events to hand on: usually an async generator that reads `events` and yields.

        The agent closes both iterators, however the reply ends.
        """
        ...


class MiddlewareBase:
    """A middleware that changes nothing, to subclass."""

    def on_reply(self, agent: Agent, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """The events to hand on."""
        return events


def layer_of(middleware: Middleware, agent: Agent, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """The events that a middleware hands on; raises `InvalidRequestError` for what is no middleware."""
    given: object = middleware
    if isinstance(given, type):
        raise InvalidRequestError(f"the middleware {given.__name__} is a class; pass an object of it")
    name = type(given).__name__
    if not hasattr(given, "on_reply"):
        raise InvalidRequestError(f"the middleware {name} has no on_reply; make it a MiddlewareBase")
    layer: object = middleware.on_reply(agent, events)
    if isinstance(layer, AsyncIterator):
        return layer
    if inspect.iscoroutine(layer):
        layer.close()
    told = f"the middleware {name} gave a {type(layer).__name__} for the events"
    raise InvalidRequestError(f"{told}; write on_reply as `async def` with a `yield` in it")
