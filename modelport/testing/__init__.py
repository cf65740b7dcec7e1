"""Tools for tests, ours and other people's: contracts, doubles, loopback servers, a clock to turn by hand, a guard
against the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_exports

if TYPE_CHECKING:
    from .answers import Pause
    from .cassette_server import CassetteServer
    from .clock import VirtualClock
    from .contract.cache import CacheContract
    from .contract.case import Case, NotApplicableError, Outcome, Status, case, require, require_equal
    from .contract.chat import ChatContract
    from .contract.contract import Contract
    from .contract.embedding import EmbeddingContract
    from .contract.formatter import FormatterContract
    from .contract.report import Report
    from .contract.tts import TTSContract
    from .doubles import FunctionChatModel, RecordedCall, ScriptedChatModel, ScriptOverError
    from .network import NetworkForbiddenError, forbid_network
    from .offline import offline_providers
    from .other_doubles import ScriptedEmbeddingModel, ScriptedRealtimeTTSModel, ScriptedTTSModel
    from .server import ABORT, CLOSE, HANG, RecordedRequest, ScriptedAnswer, ScriptedServer
    from .websocket_server import Close, Expect, Script, ScriptedConnection, ScriptedWebSocketServer

__all__ = [
    "ABORT",
    "CLOSE",
    "HANG",
    "CacheContract",
    "Case",
    "CassetteServer",
    "ChatContract",
    "Close",
    "Contract",
    "EmbeddingContract",
    "Expect",
    "FormatterContract",
    "FunctionChatModel",
    "NetworkForbiddenError",
    "NotApplicableError",
    "Outcome",
    "Pause",
    "RecordedCall",
    "RecordedRequest",
    "Report",
    "Script",
    "ScriptOverError",
    "ScriptedAnswer",
    "ScriptedChatModel",
    "ScriptedConnection",
    "ScriptedEmbeddingModel",
    "ScriptedRealtimeTTSModel",
    "ScriptedServer",
    "ScriptedTTSModel",
    "ScriptedWebSocketServer",
    "Status",
    "TTSContract",
    "VirtualClock",
    "case",
    "forbid_network",
    "offline_providers",
    "require",
    "require_equal",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "ABORT": "testing.server",
        "CLOSE": "testing.server",
        "CacheContract": "testing.contract.cache",
        "Case": "testing.contract.case",
        "CassetteServer": "testing.cassette_server",
        "ChatContract": "testing.contract.chat",
        "Close": "testing.websocket_server",
        "Contract": "testing.contract.contract",
        "EmbeddingContract": "testing.contract.embedding",
        "Expect": "testing.websocket_server",
        "FormatterContract": "testing.contract.formatter",
        "FunctionChatModel": "testing.doubles",
        "HANG": "testing.server",
        "NetworkForbiddenError": "testing.network",
        "NotApplicableError": "testing.contract.case",
        "Outcome": "testing.contract.case",
        "Pause": "testing.answers",
        "RecordedCall": "testing.doubles",
        "RecordedRequest": "testing.server",
        "Report": "testing.contract.report",
        "Script": "testing.websocket_server",
        "ScriptOverError": "testing.doubles",
        "ScriptedAnswer": "testing.server",
        "ScriptedChatModel": "testing.doubles",
        "ScriptedConnection": "testing.websocket_server",
        "ScriptedEmbeddingModel": "testing.other_doubles",
        "ScriptedRealtimeTTSModel": "testing.other_doubles",
        "ScriptedServer": "testing.server",
        "ScriptedTTSModel": "testing.other_doubles",
        "ScriptedWebSocketServer": "testing.websocket_server",
        "Status": "testing.contract.case",
        "TTSContract": "testing.contract.tts",
        "VirtualClock": "testing.clock",
        "case": "testing.contract.case",
        "forbid_network": "testing.network",
        "offline_providers": "testing.offline",
        "require": "testing.contract.case",
        "require_equal": "testing.contract.case",
    },
)
