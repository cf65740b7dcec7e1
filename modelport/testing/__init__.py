"""Tools for tests: contracts for adapters, test doubles, servers on loopback, a clock to advance, a network guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_exports

if TYPE_CHECKING:
    from .clock import VirtualClock
    from .contract.cache.contract import CacheContract
    from .contract.chat.contract import ChatContract
    from .contract.core.case import Case, NotApplicableError, Outcome, Status, case, require, require_equal
    from .contract.core.contract import Contract
    from .contract.core.report import Report
    from .contract.embedding.contract import EmbeddingContract
    from .contract.formatter.contract import FormatterContract
    from .contract.realtime.contract import RealtimeContract
    from .contract.speech.contract import TTSContract
    from .contract.transcription.contract import STTContract
    from .contract.transcription.live import LiveSTTContract
    from .doubles.answers import Pause
    from .doubles.chat import FunctionChatModel, RecordedCall, ScriptedChatModel, ScriptOverError
    from .doubles.embedding_and_speech import ScriptedEmbeddingModel, ScriptedRealtimeTTSModel, ScriptedTTSModel
    from .doubles.realtime import ScriptedRealtimeModel
    from .network import NetworkForbiddenError, forbid_network
    from .offline import offline_providers
    from .servers.cassette import CassetteServer
    from .servers.http import ABORT, CLOSE, HANG, RecordedRequest, ScriptedAnswer, ScriptedServer
    from .servers.strict import StrictServer, Violation, rules_of, violations_of
    from .servers.websocket import Close, Expect, Script, ScriptedConnection, ScriptedWebSocketServer

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
    "LiveSTTContract",
    "NetworkForbiddenError",
    "NotApplicableError",
    "Outcome",
    "Pause",
    "RealtimeContract",
    "RecordedCall",
    "RecordedRequest",
    "Report",
    "STTContract",
    "Script",
    "ScriptOverError",
    "ScriptedAnswer",
    "ScriptedChatModel",
    "ScriptedConnection",
    "ScriptedEmbeddingModel",
    "ScriptedRealtimeModel",
    "ScriptedRealtimeTTSModel",
    "ScriptedServer",
    "ScriptedTTSModel",
    "ScriptedWebSocketServer",
    "Status",
    "StrictServer",
    "TTSContract",
    "Violation",
    "VirtualClock",
    "case",
    "forbid_network",
    "offline_providers",
    "require",
    "require_equal",
    "rules_of",
    "violations_of",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "ABORT": "testing.servers.http",
        "CLOSE": "testing.servers.http",
        "CacheContract": "testing.contract.cache.contract",
        "Case": "testing.contract.core.case",
        "CassetteServer": "testing.servers.cassette",
        "ChatContract": "testing.contract.chat.contract",
        "Close": "testing.servers.websocket",
        "Contract": "testing.contract.core.contract",
        "EmbeddingContract": "testing.contract.embedding.contract",
        "LiveSTTContract": "testing.contract.transcription.live",
        "STTContract": "testing.contract.transcription.contract",
        "Expect": "testing.servers.websocket",
        "FormatterContract": "testing.contract.formatter.contract",
        "FunctionChatModel": "testing.doubles.chat",
        "HANG": "testing.servers.http",
        "NetworkForbiddenError": "testing.network",
        "NotApplicableError": "testing.contract.core.case",
        "Outcome": "testing.contract.core.case",
        "Pause": "testing.doubles.answers",
        "RecordedCall": "testing.doubles.chat",
        "RecordedRequest": "testing.servers.http",
        "Report": "testing.contract.core.report",
        "Script": "testing.servers.websocket",
        "ScriptOverError": "testing.doubles.chat",
        "ScriptedAnswer": "testing.servers.http",
        "ScriptedChatModel": "testing.doubles.chat",
        "ScriptedConnection": "testing.servers.websocket",
        "ScriptedEmbeddingModel": "testing.doubles.embedding_and_speech",
        "ScriptedRealtimeModel": "testing.doubles.realtime",
        "ScriptedRealtimeTTSModel": "testing.doubles.embedding_and_speech",
        "ScriptedServer": "testing.servers.http",
        "ScriptedTTSModel": "testing.doubles.embedding_and_speech",
        "ScriptedWebSocketServer": "testing.servers.websocket",
        "Status": "testing.contract.core.case",
        "StrictServer": "testing.servers.strict",
        "RealtimeContract": "testing.contract.realtime.contract",
        "TTSContract": "testing.contract.speech.contract",
        "Violation": "testing.servers.strict",
        "VirtualClock": "testing.clock",
        "case": "testing.contract.core.case",
        "forbid_network": "testing.network",
        "offline_providers": "testing.offline",
        "require": "testing.contract.core.case",
        "require_equal": "testing.contract.core.case",
        "rules_of": "testing.servers.strict",
        "violations_of": "testing.servers.strict",
    },
)
