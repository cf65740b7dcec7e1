"""DashScope's row of the Chat Completions dialect. Facts: wire/dashscope-chat, "Compatible mode"."""

from __future__ import annotations

from ..dialects.openai_chat.row import MediaRules, OpenAIChatRow
from .errors import DASHSCOPE_CODES, with_native_code
from .thinking import dashscope_thinking

__all__ = ["DASHSCOPE_CHAT"]

_AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
}

DASHSCOPE_CHAT = OpenAIChatRow(
    provider="dashscope",
    fields={"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k"},
    thinking=dashscope_thinking,
    replay_reasoning="always",
    replay_unknown=False,
    media=MediaRules(
        audio_formats=_AUDIO_FORMATS,
        audio_urls=True,
        audio_data_uri=True,
        video=True,
        video_urls=True,
        documents=False,
    ),
    message_names=False,
    empty_content="",
    codes=DASHSCOPE_CODES,
    audio_stream_format="wav",
    raw_audio_formats=frozenset({"wav", "pcm", "pcm16"}),
    audio_needs_stream=True,
    keeps_audio=False,
    refine_error=with_native_code,
)
