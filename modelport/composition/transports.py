"""Transports and WebSocket connectors from their settings."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..adapters.http.httpx import HttpxTransport
from ..adapters.http.proxies import is_socks
from ..domain.errors import SettingsError

if TYPE_CHECKING:
    from ..ports.clock import Clock
    from ..ports.http import HttpTransport
    from ..ports.websocket import WebSocketConnector
    from .settings import TransportSettings

__all__ = ["build_connector", "build_transport"]


def build_transport(settings: TransportSettings | None, clock: Clock) -> HttpTransport:
    """The transport that the settings name; `None` stands for the default settings, which then need not be loaded."""
    if settings is None:
        return _default_transport()
    if settings.adapter == "replay":
        from ..adapters.cassettes.http_replay import ReplayTransport

        return ReplayTransport(_cassettes(settings), speed=settings.speed, repeat=settings.repeat, clock=clock)
    if settings.adapter == "record":
        from ..adapters.cassettes.http_record import RecordTransport

        return RecordTransport(_live(settings, settings.through), _cassettes(settings), clock=clock)
    return _live(settings, settings.adapter)


def build_connector(settings: TransportSettings | None, clock: Clock) -> WebSocketConnector:
    """The WebSocket connector that the settings name; its cassettes are stored next to those of HTTP."""
    if settings is not None and settings.adapter in ("record", "replay"):
        return _on_cassettes(settings, _cassettes(settings), clock)
    return _live_connector(settings)


def _on_cassettes(settings: TransportSettings, cassettes: Path, clock: Clock) -> WebSocketConnector:
    from ..adapters.cassettes.websocket_file import websocket_file_for

    own = websocket_file_for(cassettes)
    if settings.adapter == "replay":
        from ..adapters.cassettes.websocket_replay import ReplayWebSockets

        source = own if own.exists() else cassettes
        return ReplayWebSockets(source, speed=settings.speed, repeat=settings.repeat, clock=clock)
    from ..adapters.cassettes.websocket_record import RecordWebSockets

    return RecordWebSockets(_live_connector(settings), own, clock=clock)


def _live_connector(settings: TransportSettings | None) -> WebSocketConnector:
    from ..adapters.websocket.websockets import WebsocketsConnector

    if settings is None:
        return WebsocketsConnector()
    return WebsocketsConnector(proxy=_proxy(settings), verify=settings.verify)


def _default_transport() -> HttpTransport:
    library = _fastest(None, http2=False)
    if library == "aiohttp":
        from ..adapters.http.aiohttp import AiohttpTransport

        return AiohttpTransport()
    return HttpxTransport(library)


def _live(settings: TransportSettings, adapter: Literal["auto", "httpx", "httpx2", "aiohttp"]) -> HttpTransport:
    if adapter == "auto":
        adapter = _fastest(_proxy(settings), http2=settings.http2)
    if adapter == "aiohttp":
        return _aiohttp(settings)
    options: dict[str, Any] = {}  # Any: arguments of the library's client
    if proxy := _proxy(settings):
        options["proxy"] = proxy
    if settings.verify is not True:
        options["verify"] = settings.verify
    if settings.http2:
        options["http2"] = True
    return HttpxTransport(adapter, max_bytes=settings.max_answer_bytes, **options)


def _fastest(proxy: str | None, *, http2: bool) -> Literal["httpx", "httpx2", "aiohttp"]:
    """aiohttp where it is installed and can do what is asked, else httpx2 where it is installed, else httpx.

    Nothing is imported for it. Only httpx and httpx2 support HTTP/2 and SOCKS proxies.
    """
    if not http2 and find_spec("aiohttp") is not None and not any(map(is_socks, _proxies(proxy))):
        return "aiohttp"
    return "httpx2" if find_spec("httpx2") is not None and find_spec("httpcore2") is not None else "httpx"


def _proxies(proxy: str | None) -> list[str]:
    if proxy:
        return [proxy]
    from urllib.request import getproxies  # only where there is a choice

    return list(getproxies().values())


def _aiohttp(settings: TransportSettings) -> HttpTransport:
    from ..adapters.http.aiohttp import AiohttpTransport

    if settings.http2:
        raise SettingsError("transport.http2: aiohttp supports HTTP/1.1 only; remove http2, or use httpx")
    return AiohttpTransport(proxy=_proxy(settings), verify=settings.verify, max_bytes=settings.max_answer_bytes)


def _proxy(settings: TransportSettings) -> str | None:
    return settings.proxy.get_secret_value() if settings.proxy else None


def _cassettes(settings: TransportSettings) -> Path:
    if settings.cassettes is None:
        raise SettingsError(f"transport.cassettes: is missing; {settings.adapter!r} needs a file or a folder")
    return settings.cassettes
