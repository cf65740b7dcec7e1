"""The responses of speech models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..ids import new_id, new_timestamp
from ..message.blocks import DataBlock
from ..message.responses import AttemptRecord, ModelWarning

__all__ = ["TTSResponse", "TTSUsage"]


@dataclass(slots=True)
class TTSUsage:
    """The usage of one call, all its requests together.

    Providers count tokens or `characters`; the others are 0. `time` is in seconds; `raw` is the provider's own
    object, from the last request.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    time: float = 0.0
    characters: int = 0
    raw: dict[str, Any] | None = field(default=None, repr=False)  # Any: the provider's JSON
    type: Literal["tts"] = "tts"

    def add(self, other: TTSUsage) -> None:
        """Add the usage of another request, except its `time`."""
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.characters += other.characters
        self.raw = other.raw or self.raw


@dataclass(slots=True, eq=False)
class TTSResponse:
    """A whole utterance, or one step of a stream.

    The audio of a stream's steps, joined in order, is one file. The last response has `is_last=True` and does not
    repeat it. `content` is `None` when there is no audio. `usage`, `warnings` and `attempts` come with the
    last response.
    """

    content: DataBlock | None = None
    is_last: bool = True
    usage: TTSUsage | None = None
    id: str = field(default_factory=new_id)
    metadata: dict[str, Any] | None = None  # Any: provider facts
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["tts_response"] = "tts_response"
    provider: str | None = None
    model: str | None = None
    warnings: Sequence[ModelWarning] = ()
    attempts: Sequence[AttemptRecord] = ()
