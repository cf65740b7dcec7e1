"""What a provider is made of, for packages that bring one: the entry point's value, and the parts of a pure codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import lazy_exports

if TYPE_CHECKING:
    from .adapters.wire.decoder import JsonDecoder, decode_json_body
    from .adapters.wire.errors import error_facts, error_in_stream, error_of_answer, read_error
    from .adapters.wire.framing import NDJSONFramer, SSEFramer
    from .adapters.wire.json_text import dump_json
    from .application.chat.http import HttpChatModel
    from .application.model.credential import KeyedCredential
    from .composition.providers.registry import ENTRY_POINT_GROUP, Provider, ProviderRegistry
    from .domain.chat.turns import AssistantTurn, HintTurn, SystemTurn, ToolTurn, Turn, UserTurn
    from .domain.message.media import announcement, split_tool_output
    from .ports.codec.base import Endpoint, Framer
    from .ports.codec.chat import ChatCodec, ChatRequest, Decoder, WireCall

__all__ = [
    "ENTRY_POINT_GROUP",
    "AssistantTurn",
    "ChatCodec",
    "ChatRequest",
    "Decoder",
    "Endpoint",
    "Framer",
    "HintTurn",
    "HttpChatModel",
    "JsonDecoder",
    "KeyedCredential",
    "NDJSONFramer",
    "Provider",
    "ProviderRegistry",
    "SSEFramer",
    "SystemTurn",
    "ToolTurn",
    "Turn",
    "UserTurn",
    "WireCall",
    "announcement",
    "decode_json_body",
    "dump_json",
    "error_facts",
    "error_in_stream",
    "error_of_answer",
    "read_error",
    "split_tool_output",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "ENTRY_POINT_GROUP": "composition.providers.registry",
        "AssistantTurn": "domain.chat.turns",
        "ChatCodec": "ports.codec.chat",
        "ChatRequest": "ports.codec.chat",
        "Decoder": "ports.codec.chat",
        "Endpoint": "ports.codec.base",
        "Framer": "ports.codec.base",
        "HintTurn": "domain.chat.turns",
        "HttpChatModel": "application.chat.http",
        "JsonDecoder": "adapters.wire.decoder",
        "KeyedCredential": "application.model.credential",
        "NDJSONFramer": "adapters.wire.framing",
        "Provider": "composition.providers.registry",
        "ProviderRegistry": "composition.providers.registry",
        "SSEFramer": "adapters.wire.framing",
        "SystemTurn": "domain.chat.turns",
        "ToolTurn": "domain.chat.turns",
        "Turn": "domain.chat.turns",
        "UserTurn": "domain.chat.turns",
        "WireCall": "ports.codec.chat",
        "announcement": "domain.message.media",
        "decode_json_body": "adapters.wire.decoder",
        "dump_json": "adapters.wire.json_text",
        "error_facts": "adapters.wire.errors",
        "error_in_stream": "adapters.wire.errors",
        "error_of_answer": "adapters.wire.errors",
        "read_error": "adapters.wire.errors",
        "split_tool_output": "domain.message.media",
    },
)
