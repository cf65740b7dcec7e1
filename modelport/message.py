"""Messages and the blocks they are made of."""

from .domain.message.blocks import (
    Base64Source,
    ContentBlock,
    ContentBlockTypes,
    DataBlock,
    HintBlock,
    ProviderData,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolCallState,
    ToolResultBlock,
    ToolResultState,
    URLSource,
)
from .domain.message.messages import AssistantMsg, Msg, Role, SystemMsg, Usage, UserMsg

__all__ = [
    "AssistantMsg",
    "Base64Source",
    "ContentBlock",
    "ContentBlockTypes",
    "DataBlock",
    "HintBlock",
    "Msg",
    "ProviderData",
    "Role",
    "SystemMsg",
    "TextBlock",
    "ThinkingBlock",
    "ToolCallBlock",
    "ToolCallState",
    "ToolResultBlock",
    "ToolResultState",
    "URLSource",
    "Usage",
    "UserMsg",
]
