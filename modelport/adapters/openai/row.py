"""OpenAI's row of the Chat Completions dialect. Facts: wire/openai-chat."""

from __future__ import annotations

from ..dialects.openai_chat.row import OpenAIChatRow

__all__ = ["OPENAI_CHAT"]

OPENAI_CHAT = OpenAIChatRow(provider="openai", max_id_length=40)
