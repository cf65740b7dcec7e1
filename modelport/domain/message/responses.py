"""What a model answers: responses, usage, finish reasons, warnings and the record of attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from ..ids import new_id, new_timestamp
from .blocks import ContentBlock

__all__ = [
    "AttemptRecord",
    "ChatResponse",
    "ChatUsage",
    "FinishReason",
    "ModelWarning",
    "StructuredResponse",
    "WarningKind",
]


class FinishReason(StrEnum):
    """Why the model stopped, with the same values for every provider."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    OTHER = "other"


WarningKind = Literal["dropped", "changed", "unsupported", "unknown_model", "deprecated", "other"]


@dataclass(frozen=True, slots=True)
class ModelWarning:
    """A setting, block or tool choice that was dropped or changed on the way to the provider."""

    kind: WarningKind
    setting: str
    message: str


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One HTTP request of a call: its outcome, and the seconds waited before it and spent on it."""

    number: int
    status_code: int | None = None
    error: str | None = None
    request_id: str | None = None
    waited: float = 0.0
    elapsed: float = 0.0


@dataclass(slots=True)
class ChatUsage:
    """Token counts with one meaning on every provider.

    `input_tokens` is all input, cached included; `output_tokens` is all output, reasoning included; `time` is in
    seconds; `raw` is the provider's own object.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    time: float = 0.0
    cache_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    reasoning_tokens: int = 0
    raw: dict[str, Any] | None = field(default=None, repr=False)  # Any: the provider's JSON
    type: Literal["chat"] = "chat"


class _NoFacts(dict[str, Any]):  # Any: always empty
    """An empty dict that stays empty; a copy of it is a plain one."""

    def _refuse(self, *given: Any, **named: Any) -> Any:  # Any: never used
        raise TypeError("the metadata of a step of a stream is shared and cannot be changed; change a copy")

    def __hash__(self) -> int:  # type: ignore[override]  # it cannot change
        return 0

    __setitem__ = __ior__ = update = setdefault = _refuse

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[()]]:
        return dict, ()


_NO_FACTS = _NoFacts()


@dataclass(slots=True, eq=False)
class ChatResponse:
    """A whole answer, or one step of a stream.

    With `is_last=False` the content holds only what this step added. The last response of a stream, and the only one
    without streaming, holds everything, and carries `finish_reason`, `usage`, and lists of `warnings` and `attempts`.
    Steps share their empty `metadata`, `warnings` and `attempts`, which cannot be changed.
    """

    content: Sequence[ContentBlock]
    is_last: bool = True
    usage: ChatUsage | None = None
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["chat_response"] = "chat_response"
    metadata: Mapping[str, Any] = _NO_FACTS  # Any: provider facts such as citations
    provider: str | None = None
    model: str | None = None
    finish_reason: FinishReason | None = None
    raw_finish_reason: str | None = None
    warnings: Sequence[ModelWarning] = ()
    attempts: Sequence[AttemptRecord] = ()

    @property
    def text(self) -> str:
        """The visible text of this response."""
        return "".join(block.text for block in self.content if block.type == "text")


@dataclass(slots=True, eq=False)
class StructuredResponse:
    """A validated object: `content` is the dict with defaults and coercions applied, `value` the instance.

    A stream of them has steps with `is_last=False`, whose `content` is the object as far as it has arrived, not
    validated; each step has a dict of its own.
    """

    content: dict[str, Any]  # Any: whatever the schema describes
    value: Any = None  # Any: the caller's own pydantic class
    strategy: str = ""
    usage: ChatUsage | None = None
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["structured_response"] = "structured_response"
    metadata: dict[str, Any] = field(default_factory=dict)
    finish_reason: FinishReason | None = None
    warnings: list[ModelWarning] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    is_last: bool = True
