"""What a server of this protocol does differently, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ....domain.errors import ModelError
from ....domain.realtime.settings import RealtimeFacts
from ....ports.codec.realtime import RealtimeTraits

__all__ = ["BETA", "OPENAI", "RealtimeProfile"]


@dataclass(frozen=True)
class RealtimeProfile:
    """One server's dialect.

    Attributes:
        provider: its name in errors.
        facts, traits: what its sessions can do, and how turns are taken.
        layout: where the settings of a session stand: in `audio.input` and `audio.output` (`nested`), in fields of the
            session (`flat`), or in both (`mixed`).
        modalities: the field that names the kinds of output, with its values for speech and for text; `None` where
            they cannot be chosen.
        nested_tools: whether a tool stands under `function`.
        pcm: the names of the audio formats of a flat session, in and out; `None` to leave them at their defaults.
        fields: parameters that are sent under another or the same name; those that are missing here are not taken.
        transcription_model: the model that transcribes the user unless one is chosen; `None` where it is fixed.
        manual_is_object: whether no turn detection is an object without a type instead of `null`.
        images: whether an image is part of a message, or of the input audio.
        own_ids: whether items may be given ids.
        seeds: whether the past is given as items, or as part of the instructions.
        output_text: the type of an assistant's text in an item.
        names_response: whether the reply to cancel is named.
        usage_on_frame: whether the token counts stand beside the response.
        finish: the event that says goodbye, if there is one.
        greets: whether the set-up has to wait for the server's greeting; one that joins a call never gets any.
        fatal: error codes and types after which the server ends the connection.
    """

    provider: str
    facts: RealtimeFacts = field(default_factory=RealtimeFacts)
    traits: RealtimeTraits = field(default_factory=RealtimeTraits)
    layout: Literal["nested", "flat", "mixed"] = "nested"
    modalities: tuple[str, tuple[str, ...], tuple[str, ...]] | None = ("output_modalities", ("audio",), ("text",))
    nested_tools: bool = False
    pcm: tuple[str, str] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    transcription_model: str | None = None
    manual_is_object: bool = False
    images: Literal["item", "buffer"] | None = "item"
    own_ids: bool = True
    seeds: Literal["items", "instructions"] = "items"
    output_text: str = "output_text"
    names_response: bool = True
    usage_on_frame: bool = False
    finish: str | None = None
    greets: bool = True
    fatal: Mapping[str, type[ModelError]] = field(default_factory=dict)


OPENAI = RealtimeProfile(
    provider="openai",
    greets=False,
    fields={
        "max_tokens": "max_output_tokens",
        "reasoning_effort": "reasoning",
        "truncation": "truncation",
        "parallel_tool_calls": "parallel_tool_calls",
    },
    transcription_model="gpt-realtime-whisper",
)
"""OpenAI, and Azure with the same names. Facts: docs/protocols/realtime-openai.md#sessionupdate."""

BETA = RealtimeProfile(
    provider="openai",
    layout="flat",
    modalities=("modalities", ("text", "audio"), ("text",)),
    pcm=("pcm16", "pcm16"),
    fields={"max_tokens": "max_response_output_tokens", "temperature": "temperature"},
    transcription_model="whisper-1",
    output_text="text",
)
"""Servers with the beta's names, Azure Voice Live among them. Facts: docs/protocols/realtime-openai.md#beta-names."""
