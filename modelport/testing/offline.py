"""Whole programs without a network: every model reaches providers on this machine instead of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..composition.defaults import build_runtime
from ..ports.runtime import Runtime, replaced_default_runtime
from .providers import answer_provider, answer_provider_socket
from .redirect import RedirectConnector, RedirectTransport
from .server import RecordedRequest, ScriptedAnswer, ScriptedServer
from .websocket_server import ScriptedWebSocketServer

__all__ = ["offline_providers", "redirected_runtime"]


@contextmanager
def offline_providers(
    answer: Callable[[RecordedRequest], ScriptedAnswer] = answer_provider,
) -> Iterator[ScriptedServer]:
    """Within it, models that were given neither transport nor hub are answered on this machine, whatever their URLs.

    `answer` gives the answers over HTTP. The servers run in threads of their own, so that programs may start and end
    event loops. The HTTP server is handed out: its `requests` are what the models sent.
    """
    with (
        ScriptedServer(answer).in_thread() as server,
        ScriptedWebSocketServer(answer_provider_socket).in_thread() as sockets,
        replaced_default_runtime(lambda: redirected_runtime(server.base_url, sockets.base_url)),
    ):
        yield server


def redirected_runtime(http_url: str, websocket_url: str) -> Runtime:
    """The default runtime, with all traffic going to these hosts; 127.0.0.1 is kept, as it is a test's own server."""
    runtime = build_runtime()
    return dataclasses.replace(
        runtime,
        transport=RedirectTransport(runtime.transport, http_url, kept=("127.0.0.1",)),
        websockets=RedirectConnector(runtime.websockets, websocket_url, kept=("127.0.0.1",)),
    )
