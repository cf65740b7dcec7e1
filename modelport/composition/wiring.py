"""The graph of shared objects: one function a node, whose parameters name the nodes it is built from.

It is the only description of the graph. `ModelportContainer` makes a provider of each node, for hubs and applications;
`defaults` builds the same nodes in plain Python, for models that are built by hand without dependency-injector.

Adapters and settings are imported by the nodes that need them. The nodes of the runtime take `None` for the default
settings, so that a model that is built by hand does not load the classes of settings.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, TypeVar

from ..ports.runtime import Runtime

if TYPE_CHECKING:
    from ..application.embedding.cache import EmbeddingCacheBase
    from ..ports.cards import CardSource
    from ..ports.clock import Clock
    from ..ports.conversations import ConversationStore
    from ..ports.http import HttpTransport
    from ..ports.media import MediaLoader
    from ..ports.rate_limiter import RateLimiter
    from ..ports.telemetry import Telemetry
    from ..ports.websocket import WebSocketConnector
    from .providers.registry import ProviderRegistry
    from .settings import Settings

__all__ = [
    "NODES",
    "build_node",
    "cards",
    "clock",
    "conversation_store",
    "embedding_cache",
    "media_loader",
    "rate_limiter",
    "registry",
    "runtime",
    "telemetry",
    "transport",
    "websockets",
]

T = TypeVar("T")


def registry(settings: Settings) -> ProviderRegistry:
    """The providers: those of this package, of entry points, and those under `providers`."""
    from .providers.registry import Provider, ProviderRegistry
    from .settings import revealed

    found = ProviderRegistry()
    for name, provider in settings.providers.items():
        found.register(Provider(name, **revealed(provider.model_dump())))
    return found


def clock() -> Clock:
    """The system's clock."""
    from ..adapters.net.clock import SystemClock

    return SystemClock()


def transport(settings: Settings | None, clock: Clock) -> HttpTransport:
    """The HTTP transport under `transport`."""
    from .transports import build_transport

    return build_transport(settings.transport if settings else None, clock)


def websockets(settings: Settings | None, clock: Clock) -> WebSocketConnector:
    """The WebSocket connector under `transport`."""
    from .transports import build_connector

    return build_connector(settings.transport if settings else None, clock)


def media_loader(settings: Settings | None, transport: HttpTransport, clock: Clock) -> MediaLoader:
    """The loader of media, with the limits under `media`."""
    from ..adapters.media.loader import HttpMediaLoader

    if settings is None:
        return HttpMediaLoader(transport, clock=clock)
    media = settings.media
    return HttpMediaLoader(
        transport, roots=media.roots, allow_private=media.allow_private, max_bytes=media.max_bytes, clock=clock
    )


def cards() -> CardSource:
    """Model cards from YAML files."""
    from ..adapters.cards.yaml_source import YamlCardSource

    return YamlCardSource()


def rate_limiter(settings: Settings | None, clock: Clock) -> RateLimiter:
    """The rate limiter under `rate_limits`."""
    if settings is None:
        from ..adapters.rate_limit.unlimited import Unlimited

        return Unlimited()
    from .builders import build_rate_limiter

    return build_rate_limiter(settings.rate_limits, clock)


def embedding_cache(settings: Settings) -> EmbeddingCacheBase | None:
    """The cache of vectors under `cache`; `None` for none."""
    from .builders import build_cache

    return build_cache(settings.cache)


def conversation_store(settings: Settings) -> ConversationStore:
    """The store of conversations under `conversations`."""
    from .builders import build_conversation_store

    return build_conversation_store(settings.conversations)


def telemetry() -> Telemetry:
    """Telemetry that discards every event."""
    from ..adapters.telemetry.silent import SilentTelemetry

    return SilentTelemetry()


def runtime(
    transport: HttpTransport,
    clock: Clock,
    media_loader: MediaLoader,
    cards: CardSource,
    rate_limiter: RateLimiter,
    telemetry: Telemetry,
    websockets: WebSocketConnector,
) -> Runtime:
    """The bundle that models run on."""
    return Runtime(
        transport=transport,
        clock=clock,
        media_loader=media_loader,
        cards=cards,
        rate_limiter=rate_limiter,
        telemetry=telemetry,
        websockets=websockets,
    )


NODES: dict[str, Callable[..., object]] = {
    node.__name__: node
    for node in (
        registry,
        clock,
        transport,
        websockets,
        media_loader,
        cards,
        rate_limiter,
        embedding_cache,
        conversation_store,
        telemetry,
        runtime,
    )
}


def build_node(node: Callable[..., T], built: dict[str, object]) -> T:
    """Build a node and the nodes it needs that are not in `built` yet, and keep them there by name."""
    for name in signature(node).parameters:
        if name not in built:
            built[name] = build_node(NODES[name], built)
    return node(**{name: built[name] for name in signature(node).parameters})
