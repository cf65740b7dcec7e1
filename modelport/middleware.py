"""What may stand between an agent's reply and who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .application.agent.middleware import Middleware, MiddlewareBase
    from .application.agent.tts.middleware import TTSMiddleware

__all__ = ["Middleware", "MiddlewareBase", "TTSMiddleware"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Middleware": "application.agent.middleware",
        "MiddlewareBase": "application.agent.middleware",
        "TTSMiddleware": "application.agent.tts.middleware",
    },
)
