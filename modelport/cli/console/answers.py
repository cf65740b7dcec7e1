"""Shows an answer while it arrives: as text for people and pipes, or as JSON lines for programs."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any, Protocol

from ...domain.errors import ModelportError
from ...domain.message.blocks import ContentBlock, ToolCallBlock
from ...domain.message.responses import ChatResponse, ChatUsage, FinishReason, ModelWarning
from ...domain.speech.responses import TTSUsage
from .terminal import complain, note, write, write_json

__all__ = ["AnswerView", "JsonLines", "PlainText", "note_warning", "usage_fields", "usage_line"]

_ENDINGS = {
    FinishReason.LENGTH: "the answer was cut off at the limit of tokens (finish_reason length)",
    FinishReason.CONTENT_FILTER: "the provider's content filter ended the answer (finish_reason content_filter)",
}


class AnswerView(Protocol):
    """Shows answers."""

    def delta(self, response: ChatResponse) -> None:
        """Show what has just arrived."""

    def tool_call(self, call: ToolCallBlock) -> None:
        """Show a call that is about to be run."""

    def tool_result(self, name: str, succeeded: bool) -> None:
        """Show that a call has ended."""

    def last(self, response: ChatResponse) -> None:
        """End the answer; `response` is the whole of it."""

    def stopped(self) -> None:
        """End an answer of which no more is wanted."""

    def failed(self, error: ModelportError) -> None:
        """Show the error that ended the answer, possibly after a part of it."""


class PlainText:
    """Writes the text to stdout, and on a terminal the thinking to stderr, dim; in a pipe thinking is left out."""

    def __init__(self, show_usage: bool = False) -> None:
        self._show_usage = show_usage
        self._thinking = self._line_open = False
        self._noted: set[ModelWarning] = set()
        self._run: set[str] = set()

    def delta(self, response: ChatResponse) -> None:
        """Show what has just arrived."""
        for block in response.content:
            if block.type == "thinking" and sys.stderr.isatty():
                self._think(block.thinking)
            elif block.type == "text" and block.text:
                self._end_thinking()
                self._write(block.text)

    def tool_call(self, call: ToolCallBlock) -> None:
        """End the line, then note the call on stderr."""
        self._end()
        self._run.add(call.id)
        note(f"tool {call.name}({_shortened(call.input)})")

    def tool_result(self, name: str, succeeded: bool) -> None:
        """Note a failure on stderr."""
        if not succeeded:
            note(f"tool {name} failed; the model was given the reason", style="yellow")

    def last(self, response: ChatResponse) -> None:
        """End the line, then note on stderr what the text does not show."""
        self._end()
        for block in response.content:
            if block.type == "tool_call" and block.id not in self._run:
                note(f"modelport: the model calls the tool {block.name}({block.input}), which is not run here")
            elif block.type == "data":
                note(f"modelport: the answer holds {block.source.media_type} data, which is not shown here")
        for warning in response.warnings:
            if warning not in self._noted:  # each answer of a conversation repeats them
                self._noted.add(warning)
                note_warning(warning)
        if response.finish_reason in _ENDINGS:
            note(f"modelport: {_ENDINGS[response.finish_reason]}", style="yellow")
        if self._show_usage:
            note(f"usage: {usage_line(response.usage)}")

    def stopped(self) -> None:
        """End the line."""
        self._end()

    def failed(self, error: ModelportError) -> None:
        """End the line, then write one line with the message."""
        self._end()
        complain(str(error))

    def _write(self, text: str) -> None:
        """Show a part of the text."""
        write(text)
        self._line_open = not text.endswith("\n")

    def _think(self, text: str) -> None:
        if not self._thinking:
            self._thinking = True
            note("── thinking ──")
        note(text, style="dim italic", end="")

    def _end_thinking(self) -> None:
        if self._thinking:
            self._thinking = False
            note("\n── answer ──")

    def _end(self) -> None:
        if self._thinking:  # and no text after it
            self._thinking = False
            note("")
        if self._line_open:
            self._line_open = False
            write("\n")


class JsonLines:
    """Writes one JSON object per line to stdout: deltas, then the response, or an error."""

    def delta(self, response: ChatResponse) -> None:
        """Write one object for each block of the delta."""
        for block in response.content:
            if (shown := _delta_fields(block)) is not None:
                write_json({"type": "delta", "block": block.type, "id": block.id, **shown})

    def tool_call(self, call: ToolCallBlock) -> None:
        """Write the call."""
        write_json({"type": "tool_call", "id": call.id, "name": call.name, "input": call.input})

    def tool_result(self, name: str, succeeded: bool) -> None:
        """Write how the call ended."""
        write_json({"type": "tool_result", "name": name, "succeeded": succeeded})

    def last(self, response: ChatResponse) -> None:
        """Write the whole answer."""
        calls = [block for block in response.content if block.type == "tool_call"]
        thinking = "".join(block.thinking for block in response.content if block.type == "thinking")
        write_json(
            {
                "type": "response",
                "id": response.id,
                "provider": response.provider,
                "model": response.model,
                "text": response.text,
                "thinking": thinking,
                "tool_calls": [{"id": call.id, "name": call.name, "input": call.input} for call in calls],
                "finish_reason": response.finish_reason,
                "usage": usage_fields(response.usage),
                "warnings": [asdict(warning) for warning in response.warnings],
                "attempts": len(response.attempts),
            }
        )

    def stopped(self) -> None:
        """Write nothing: the last line says what has arrived."""

    def failed(self, error: ModelportError) -> None:
        """Write the error's class and message."""
        write_json({"type": "error", "error": type(error).__name__, "message": str(error)})


def _delta_fields(block: ContentBlock) -> dict[str, str] | None:
    if block.type == "text":
        return {"text": block.text}
    if block.type == "thinking":
        return {"text": block.thinking}
    return {"text": block.input, "name": block.name} if block.type == "tool_call" else None


def _shortened(text: str, most: int = 200) -> str:
    """The text on one line, cut off."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def note_warning(warning: ModelWarning) -> None:
    """Write the warning as one line on stderr."""
    note(f"modelport: warning: {warning.setting}: {' '.join(warning.message.split())}", style="yellow")


def usage_fields(usage: ChatUsage | TTSUsage | None) -> dict[str, Any] | None:  # Any: numbers
    """The usage as JSON values, without the provider's own object."""
    if usage is None:
        return None
    return {name: value for name, value in asdict(usage).items() if name not in ("raw", "type")}


def usage_line(usage: ChatUsage | None) -> str:
    """The tokens in one line."""
    if usage is None:
        return "not reported by the provider"
    cached = f" ({usage.cache_input_tokens} cached)" if usage.cache_input_tokens else ""
    reasoning = f" ({usage.reasoning_tokens} reasoning)" if usage.reasoning_tokens else ""
    return (
        f"{usage.input_tokens} input tokens{cached}, {usage.output_tokens} output tokens{reasoning}, {usage.time:.1f} s"
    )
