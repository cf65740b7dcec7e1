"""The composition root: which adapter serves which port. Applications may override any provider of the container."""

from __future__ import annotations

from typing import Any

from dependency_injector import containers, providers

from ..adapters.cards.yaml_source import YamlCardSource
from ..adapters.clock import SystemClock
from ..adapters.media.loader import HttpMediaLoader
from ..adapters.telemetry.silent import SilentTelemetry
from ..adapters.transport.httpx import HttpxTransport
from ..ports.runtime import Runtime
from ..ports.transport import HttpTransport
from .embedding_parts import build_cache, build_rate_limiter
from .registry import ProviderRegistry
from .settings import Settings, TransportSettings

__all__ = ["ModelportContainer", "build_transport"]


def build_transport(settings: TransportSettings) -> HttpTransport:
    """The transport that the settings name."""
    options: dict[str, Any] = {}  # Any: arguments of the library's client
    if settings.proxy:
        options["proxy"] = settings.proxy
    if settings.verify is not True:
        options["verify"] = settings.verify if settings.verify is False else str(settings.verify)
    if settings.http2:
        options["http2"] = True
    return HttpxTransport(settings.adapter, **options)


class ModelportContainer(containers.DeclarativeContainer):
    """Wires adapters to ports, each once per hub."""

    settings = providers.Dependency(instance_of=Settings)
    registry = providers.Singleton(ProviderRegistry)
    clock = providers.Singleton(SystemClock)
    transport = providers.Singleton(build_transport, settings.provided.transport)
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
    )
