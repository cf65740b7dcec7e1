"""How each API says that it refuses a request: the body that goes with the status 400."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .common import Json, Violation

__all__ = ["refusal_of"]


def _openai(words: str, path: str) -> Json:
    """Facts: docs/protocols/openai-chat.md#errors, docs/protocols/deepseek.md#errors."""
    return {"error": {"message": words, "type": "invalid_request_error", "param": path, "code": None}}


def _anthropic(words: str, path: str) -> Json:
    """Facts: docs/protocols/anthropic-messages.md#errors."""
    return {"type": "error", "error": {"type": "invalid_request_error", "message": words}, "request_id": "req_1"}


def _gemini(words: str, path: str) -> Json:
    """Facts: docs/protocols/gemini.md#errors."""
    return {"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}}


def _dashscope(words: str, path: str) -> Json:
    """Facts: docs/protocols/dashscope-chat.md#errors."""
    message = f"<400> InternalError.Algo.InvalidParameter: {words}"
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_parameter_error"}
    }


def _moonshot(words: str, path: str) -> Json:
    """Facts: docs/protocols/moonshot.md#errors."""
    return {"error": {"message": words, "type": "invalid_request_error"}}


def _xai(words: str, path: str) -> Json:
    """Facts: docs/protocols/xai.md#errors."""
    return {"code": "Client specified an invalid argument", "error": words}


def _ollama(words: str, path: str) -> Json:
    """Facts: docs/protocols/ollama.md#errors."""
    return {"error": words}


_SHAPES: Mapping[str, Callable[[str, str], Json]] = {
    "anthropic": _anthropic,
    "gemini": _gemini,
    "dashscope": _dashscope,
    "moonshot": _moonshot,
    "xai": _xai,
    "xai_chat": _xai,
    "ollama": _ollama,
}


def refusal_of(api: str, violations: Sequence[Violation]) -> Json:
    """The body of the refusal; it names every broken rule with its place, and its source in the handbook."""
    words = "; ".join(f"{each.path}: {each.message} ({each.rule}, {each.source})" for each in violations)
    return _SHAPES.get(api, _openai)(words, violations[0].path)
