"""What differs between the generations of Live models, by their names.

Facts: docs/protocols/realtime-gemini.md#setup, docs/protocols/realtime-gemini.md#ends-and-resumption.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["LiveKind", "kind_of"]


@dataclass(frozen=True, slots=True)
class LiveKind:
    """One generation.

    Attributes:
        streams_text: typed text goes into the stream of input once the conversation has begun.
        updates: instructions and tools can change while the connection lasts.
        history_in_setup: the set-up announces a past conversation, which is then given as one complete turn.
        awaits_lost_calls: a resumed session swallows the next turn while calls of the old connection have no result.
        behavior: what every tool has to say so that the model waits for its result; `None` where it waits in any case.
    """

    streams_text: bool = False
    updates: bool = False
    history_in_setup: bool = False
    awaits_lost_calls: bool = False
    behavior: str | None = None


_NEWEST = LiveKind(streams_text=True, updates=True, history_in_setup=True, awaits_lost_calls=True)
_KINDS = (
    (re.compile(r"\A(?=.*gemini-3\.8)(?=.*extended-thinking)"), _NEWEST),
    (re.compile(r"gemini-3\.8"), replace(_NEWEST, behavior="BLOCKING")),
    (re.compile(r"gemini-[3-9]"), LiveKind(streams_text=True)),
)


def kind_of(model: str) -> LiveKind:
    """The generation of a model; the first one for an unknown name."""
    return next((kind for name, kind in _KINDS if name.search(model)), LiveKind())
