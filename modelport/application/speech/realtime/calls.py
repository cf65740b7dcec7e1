"""Calls of a realtime speech model: text goes to an utterance, and its audio is returned as responses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any

from ....domain.errors import InvalidRequestError
from ....domain.message.responses import ModelWarning
from ....domain.speech.responses import TTSResponse
from .session import RealtimeSession
from .utterance import RealtimeUtterance

__all__ = ["Begin", "arrived", "push", "speak"]

Begin = Callable[[Mapping[str, Any]], RealtimeUtterance]
"""Begins an utterance with these settings (Any: provider fields)."""


async def push(session: RealtimeSession, begin: Begin, text: str, settings: Mapping[str, Any]) -> TTSResponse:
    """Add text to the utterance that is being written, and return the audio that is there."""
    _check(text)
    utterance = await session.written_here()
    utterance = begin(settings) if utterance is None else _with_settings(utterance, settings)
    session.begun(utterance)
    utterance.write(text)
    await asyncio.sleep(0)  # lets audio arrive for a caller that never awaits anything else
    try:
        return utterance.response(utterance.audio.take())
    except BaseException:
        session.ended(utterance)
        raise


async def arrived(utterance: RealtimeUtterance) -> TTSResponse | None:
    """Wait for audio and return it; `None` once the utterance is committed or has ended."""
    while await utterance.audio.came_early():
        block = utterance.audio.take()
        if block is not None:  # else another caller took it
            return utterance.response(block)
    return None


async def speak(
    session: RealtimeSession | None,
    begin: Begin,
    text: str | None,
    settings: Mapping[str, Any],  # Any: provider fields
    stream: bool,
) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
    """Commit the utterance with this text as its last; its audio as a stream or as a whole."""
    text = "" if text is None else text
    _check(text)
    utterance, responses = None, None
    if session is not None:
        utterance = await (session.written_here() if text else session.nearest())
    utterance = begin(settings) if utterance is None else _with_settings(utterance, settings)
    if session is not None:
        session.ended(utterance)
    try:
        utterance.write(text)
        if utterance.commit():
            await utterance.connected()
        if stream:
            responses = _responses(utterance)
            await anext(responses)
            return responses
        block = await utterance.complete()
        return replace(utterance.last, content=block)
    finally:
        if responses is None:
            await utterance.abort()


async def _responses(utterance: RealtimeUtterance) -> AsyncGenerator[TTSResponse, None]:
    """The head, with which the generator is started; the audio as it comes; the last response."""
    try:
        yield utterance.head
        while await utterance.audio.came():
            yield utterance.response(utterance.audio.take_some())
        yield utterance.last
    finally:
        await utterance.abort()


def _with_settings(utterance: RealtimeUtterance, settings: Mapping[str, Any]) -> RealtimeUtterance:
    """The utterance that takes text already. Settings that change after its first text are dropped."""
    for name, value in settings.items():
        if name not in utterance.settings or utterance.settings[name] != value:
            message = f"{name} was given after the first text of the utterance; pass it with the first push"
            utterance.warnings.append(ModelWarning("dropped", name, message))
            utterance.settings[name] = value  # warn once
    return utterance


def _check(text: object) -> None:
    if not isinstance(text, str):
        raise InvalidRequestError(f"text is a {type(text).__name__}, expected a str")
