"""Middleware around an agent's reply stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .application.agent.middleware import AgentView, Middleware, MiddlewareBase
    from .application.agent.tts.middleware import TTSMiddleware

__all__ = ["AgentView", "Middleware", "MiddlewareBase", "TTSMiddleware"]

__getattr__ = lazy_exports(
    __name__,
    {
        "AgentView": "application.agent.middleware",
        "Middleware": "application.agent.middleware",
        "MiddlewareBase": "application.agent.middleware",
        "TTSMiddleware": "application.agent.tts.middleware",
    },
)
