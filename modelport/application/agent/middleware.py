"""Middleware around an agent's reply stream."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any, Protocol

from ...domain.errors import InvalidRequestError
from ...domain.message.events import Event
from ...domain.message.messages import Msg

__all__ = ["AgentView", "Middleware", "MiddlewareBase", "apply_middleware"]


class AgentView(Protocol):
    """What a middleware may see of the agent that it wraps; every `Agent` and `RealtimeAgent` has it.

    `model` is a chat model, or a model of voice conversations.
    """

    name: str
    model: Any  # Any: the two have nothing in common that is called
    history: list[Msg]


class Middleware(Protocol):
    """Anything with `on_reply`; an agent's first middleware is the outermost."""

    def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """The events to pass on: usually an async generator that reads `events` and yields.

        The agent closes both iterators, however the reply ends.
        """
        ...


class MiddlewareBase:
    """A middleware that changes nothing, to subclass."""

    def on_reply(self, agent: AgentView, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """The events, unchanged."""
        return events


def apply_middleware(middleware: Middleware, agent: AgentView, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """The events of `middleware.on_reply`; raises `InvalidRequestError` where it is not a middleware."""
    given: object = middleware
    if isinstance(given, type):
        raise InvalidRequestError(f"the middleware {given.__name__} is a class; pass an instance of it")
    name = type(given).__name__
    if not hasattr(given, "on_reply"):
        raise InvalidRequestError(f"the middleware {name} has no method on_reply; subclass MiddlewareBase")
    layer: object = middleware.on_reply(agent, events)
    if isinstance(layer, AsyncIterator):
        return layer
    if inspect.iscoroutine(layer):
        layer.close()
    raise InvalidRequestError(
        f"on_reply of the middleware {name} returned a {type(layer).__name__}, expected an async iterator of events; "
        "write it as `async def` with a `yield`"
    )
