"""Replies of an agent, as its tests expect them, and a model with scripted answers."""

from __future__ import annotations

from typing import Any

from modelport.credential import CredentialBase
from modelport.message import ContentBlock, Msg
from modelport.model import ChatModelBase, ChatResponse

__all__ = ["ENDS", "WORDS", "Scripted", "delta"]

WORDS = ["REPLY_START", "MODEL_CALL_START", "TEXT_BLOCK_START", "TEXT_BLOCK_DELTA", "TEXT_BLOCK_END"]
ENDS = ["MODEL_CALL_END", "REPLY_END"]


class Scripted(ChatModelBase):
    """A custom model that yields what it is given."""

    def __init__(self, *deltas: ChatResponse) -> None:
        super().__init__(CredentialBase(), "scripted")
        self.deltas = deltas

    async def _call_api(self, model_name: str, messages: list[Msg], *_: Any, **__: Any) -> Any:
        for delta in self.deltas:
            yield delta


def delta(*content: ContentBlock) -> ChatResponse:
    return ChatResponse(list(content), is_last=False)
