"""The composition root: which adapter serves which port. Applications may override any provider of the container."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from dependency_injector import containers, providers

from ..adapters.cards.yaml_source import YamlCardSource
from ..adapters.http.httpx import HttpxTransport
from ..adapters.media.loader import HttpMediaLoader
from ..adapters.net.clock import SystemClock
from ..adapters.telemetry.silent import SilentTelemetry
from ..adapters.websocket.websockets import WebsocketsConnector
from ..domain.errors import SettingsError
from ..ports.clock import Clock
from ..ports.http import HttpTransport
from ..ports.runtime import Runtime
from ..ports.websocket import WebSocketConnector
from .builders import build_cache, build_rate_limiter
from .registry import ProviderRegistry
from .settings import Settings, TransportSettings

__all__ = ["ModelportContainer", "build_connector", "build_transport"]


def build_transport(settings: TransportSettings, clock: Clock) -> HttpTransport:
    """The transport that the settings name."""
    if settings.adapter == "replay":
        from ..adapters.cassettes.http_replay import ReplayTransport

        return ReplayTransport(_cassettes(settings), speed=settings.speed, repeat=settings.repeat, clock=clock)
    if settings.adapter == "record":
        from ..adapters.cassettes.http_record import RecordTransport

        return RecordTransport(_live(settings, settings.through), _cassettes(settings), clock=clock)
    return _live(settings, settings.adapter)


def build_connector(settings: TransportSettings, clock: Clock) -> WebSocketConnector:
    """The WebSocket connector that the settings name; its cassettes lie beside those of HTTP."""
    if settings.adapter in ("record", "replay"):
        return _on_cassettes(settings, _cassettes(settings), clock)
    return _live_connector(settings)


def _on_cassettes(settings: TransportSettings, cassettes: Path, clock: Clock) -> WebSocketConnector:
    from ..adapters.cassettes.websocket_file import beside

    own = beside(cassettes)
    if settings.adapter == "replay":
        from ..adapters.cassettes.websocket_replay import ReplayWebSockets

        source = own if own.exists() else cassettes
        return ReplayWebSockets(source, speed=settings.speed, repeat=settings.repeat, clock=clock)
    from ..adapters.cassettes.websocket_record import RecordWebSockets

    return RecordWebSockets(_live_connector(settings), own, clock=clock)


def _live_connector(settings: TransportSettings) -> WebSocketConnector:
    return WebsocketsConnector(proxy=settings.proxy, verify=settings.verify)


def _live(settings: TransportSettings, adapter: Literal["httpx", "httpx2", "aiohttp"]) -> HttpTransport:
    if adapter == "aiohttp":
        return _aiohttp(settings)
    options: dict[str, Any] = {}  # Any: arguments of the library's client
    if settings.proxy:
        options["proxy"] = settings.proxy
    if settings.verify is not True:
        options["verify"] = settings.verify
    if settings.http2:
        options["http2"] = True
    return HttpxTransport(adapter, **options)


def _aiohttp(settings: TransportSettings) -> HttpTransport:
    from ..adapters.http.aiohttp import AiohttpTransport

    if settings.http2:
        raise SettingsError("transport.http2: aiohttp speaks HTTP/1.1 only; take httpx, or leave it out")
    return AiohttpTransport(proxy=settings.proxy, verify=settings.verify)


def _cassettes(settings: TransportSettings) -> Path:
    if settings.cassettes is None:
        raise SettingsError(f"transport.cassettes: is missing; {settings.adapter!r} needs a file or a folder")
    return settings.cassettes


class ModelportContainer(containers.DeclarativeContainer):
    """Wires adapters to ports, each once per hub."""

    settings = providers.Dependency(instance_of=Settings)
    registry = providers.Singleton(ProviderRegistry)
    clock = providers.Singleton(SystemClock)
    transport = providers.Singleton(build_transport, settings.provided.transport, clock)
    websockets = providers.Singleton(build_connector, settings.provided.transport, clock)
    media_loader = providers.Singleton(
        HttpMediaLoader,
        transport,
        roots=settings.provided.media.roots,
        allow_private=settings.provided.media.allow_private,
        max_bytes=settings.provided.media.max_bytes,
    )
    cards = providers.Singleton(YamlCardSource)
    rate_limiter = providers.Singleton(build_rate_limiter, settings.provided.rate_limits, clock)
    embedding_cache = providers.Singleton(build_cache, settings.provided.cache)
    telemetry = providers.Singleton(SilentTelemetry)
    runtime = providers.Singleton(
        Runtime,
        transport=transport,
        clock=clock,
        media_loader=media_loader,
        cards=cards,
        rate_limiter=rate_limiter,
        telemetry=telemetry,
        websockets=websockets,
    )
