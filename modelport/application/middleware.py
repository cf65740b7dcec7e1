"""What may stand between an agent's reply and who reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

from ..domain.events import Event

if TYPE_CHECKING:
    from .agent import Agent

__all__ = ["Middleware", "MiddlewareBase"]


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
