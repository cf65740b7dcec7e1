"""Which server answers a request, by the ending of its path."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from ..servers.http import RecordedRequest, ScriptedAnswer
from . import (
    anthropic,
    dashscope_speech,
    dashscope_tasks,
    embeddings,
    gemini,
    ollama,
    openai_chat,
    openai_responses,
    openai_speech,
    transcription,
)
from .dashscope_realtime import answer as answer_provider_socket

__all__ = ["answer_provider", "answer_provider_socket"]

_ENDINGS: tuple[tuple[str, Callable[[RecordedRequest], ScriptedAnswer]], ...] = (
    ("/chat/completions", openai_chat.answer),
    ("/responses", openai_responses.answer),
    ("/responses/input_tokens", openai_responses.answer),
    ("/v1/messages", anthropic.answer),
    ("/v1/messages/count_tokens", anthropic.answer),
    (":generateContent", gemini.answer),
    (":streamGenerateContent", gemini.answer),
    (":countTokens", gemini.answer),
    ("/api/chat", ollama.answer),
    ("/audio/transcriptions", transcription.answer),
    ("/audio/speech", openai_speech.answer),
    ("/embeddings", embeddings.openai),
    (":batchEmbedContents", embeddings.gemini),
    (":embedContent", embeddings.gemini),
    ("/api/embed", embeddings.ollama),
    ("/text-embedding/text-embedding", embeddings.dashscope),
    ("/multimodal-embedding/multimodal-embedding", embeddings.dashscope),
    ("/multimodal-generation/generation", dashscope_speech.answer),
    ("/asr/transcription", dashscope_tasks.submitted),
    ("/uploads", dashscope_tasks.policy),
    (dashscope_tasks.STORAGE, dashscope_tasks.stored),
    (dashscope_tasks.TASK, dashscope_tasks.state),
    (dashscope_tasks.RESULT, dashscope_tasks.result),
    ("/v1/tts", openai_speech.xai),
    ("/v1/stt", transcription.answer),
)


def answer_provider(request: RecordedRequest) -> ScriptedAnswer:
    """The answer of the provider whose path this is; 404 for other paths, 400 for a body that is not a JSON object."""
    path = urlsplit(request.path).path
    for ending, answer in _ENDINGS:
        if path.endswith(ending):
            try:
                return answer(request)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                return _refused(400, f"this is not a request of {ending}: {type(error).__name__}: {error}")
    return _refused(404, f"no provider has the path {path}")


def _refused(status: int, message: str) -> ScriptedAnswer:
    return ScriptedAnswer.json({"error": {"message": message, "type": "invalid_request_error"}}, status=status)
