"""Calls of a realtime speech model: arguments checked, and audio handed out as responses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....domain.errors import InvalidRequestError
from ....domain.message.responses import ModelWarning
from ....domain.speech.responses import TTSResponse
from ....ports.codec.realtime_speech import RealtimeRequest
from ...call.arguments import body_fields, parameter_values
from .utterance import RealtimeCall

if TYPE_CHECKING:
    from .model import RealtimeTTSModel
    from .session import RealtimeSession

__all__ = ["arrived", "push", "request_of", "speak"]


def request_of(
    model: RealtimeTTSModel,
    kwargs: Mapping[str, Any],  # Any: provider fields
) -> tuple[RealtimeRequest, list[ModelWarning]]:
    """How to speak, checked against the card."""
    values, warnings = parameter_values(model.parameters, model.card, model.card_checks)
    overrides, headers = body_fields(kwargs)
    request = RealtimeRequest(
        endpoint=model.endpoint(),
        model=model.model,
        card=model.card,
        parameters=values,
        overrides=overrides,
        extra_headers=headers,
        max_characters=model.card.max_characters if model.card_checks == "on" else None,
    )
    return request, warnings


async def push(
    model: RealtimeTTSModel,
    session: RealtimeSession,
    text: str,
    kwargs: Mapping[str, Any],  # Any: provider fields
) -> TTSResponse:
    """Add text to the utterance that is being written, and hand out the audio that is there."""
    _check(text)
    call = _writing(model, session, kwargs)
    session.writing = call
    call.write(text)
    await asyncio.sleep(0)  # somebody who only pushes must let the audio come
    try:
        return replace(call.head, content=call.audio.take())
    except BaseException:
        if session.writing is call:
            session.writing = None
        raise


async def arrived(call: RealtimeCall) -> TTSResponse | None:
    """The audio that came, waiting for it."""
    while await call.audio.came_early():
        block = call.audio.take()
        if block is not None:  # else somebody was quicker
            return replace(call.head, content=block)
    return None


async def speak(
    model: RealtimeTTSModel,
    session: RealtimeSession | None,
    text: str | None,
    kwargs: Mapping[str, Any],  # Any: provider fields
) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
    """The utterance with this text as its last, as a stream or as a whole."""
    text = "" if text is None else text
    _check(text)
    call, responses = _writing(model, session, kwargs), None
    if session is not None:
        session.writing = None
    try:
        call.write(text)
        if call.commit():
            await call.connected()
        if model.stream:
            responses = _responses(call)
            await anext(responses)
            return responses
        await call.audio.complete()
        return replace(call.last, content=call.audio.audio.take_file())
    finally:
        if responses is None:
            await call.abort()


async def _responses(call: RealtimeCall) -> AsyncGenerator[TTSResponse, None]:
    """The start, once; the audio as it comes; the last response."""
    try:
        yield call.head
        while await call.audio.came():
            yield replace(call.head, content=call.audio.take())
        yield call.last
    finally:
        await call.abort()


def _writing(
    model: RealtimeTTSModel,
    session: RealtimeSession | None,
    kwargs: Mapping[str, Any],  # Any: provider fields
) -> RealtimeCall:
    """The utterance that takes text now, or a new one. Settings that come after its beginning cannot be kept."""
    call = session.writing if session is not None else None
    if call is None:
        request, warnings = request_of(model, kwargs)
        call = RealtimeCall(model, request, warnings, session)
        call.settings.update(kwargs)
        return call
    for name, value in kwargs.items():
        if name not in call.settings or call.settings[name] != value:
            words = f"{name} came after the beginning of the utterance; give it with the first push"
            call.warnings.append(ModelWarning("dropped", name, words))
            call.settings[name] = value  # told once
    return call


def _check(text: Any) -> None:  # Any: whatever the caller gave
    if not isinstance(text, str):
        raise InvalidRequestError(f"text is a {type(text).__name__}; give a str")
