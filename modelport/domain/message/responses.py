"""What a model answers: responses, usage, finish reasons, warnings and the record of attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from ..ids import new_id, new_timestamp
from ..named_fields import NamedFields
from .blocks import ContentBlock, ToolCallBlock
from .finish import FinishReason
from .messages import AssistantMsg, Msg, Usage

__all__ = [
    "AttemptRecord",
    "ChatResponse",
    "ChatUsage",
    "FinishReason",
    "ModelWarning",
    "StructuredResponse",
    "WarningKind",
]


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
class ChatUsage(NamedFields):
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

    def _repr_html_(self) -> str:
        from ..html import table  # for notebooks only

        counts = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("raw", "type")}
        return table("Usage of a chat call", {name: value for name, value in counts.items() if value})


ValueT = TypeVar("ValueT", default=Any)


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


@dataclass(slots=True, eq=False, repr=False)
class ChatResponse(NamedFields):
    """A whole answer, or one step of a stream.

    With `is_last=False` the content holds only what this step added. The last response of a stream, and the only one
    without streaming, holds everything, and carries `finish_reason`, `usage`, and lists of `warnings` and `attempts`.
    Steps share their empty `metadata`, `warnings` and `attempts`, which cannot be changed.
    """

    content: Sequence[ContentBlock]
    is_last: bool = True
    usage: ChatUsage | Any = None  # Any: `None` before the last response, and where the provider reports none
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
    def finished_reason(self) -> FinishReason | None:
        """The name that AgentScope gives `finish_reason`, for reading."""
        return self.finish_reason

    @property
    def text(self) -> str:
        """The visible text of this response."""
        return "".join(block.text for block in self.content if block.type == "text")

    @property
    def thinking(self) -> str:
        """The reasoning text of this response; empty when there is none or the provider hides it."""
        return "".join(block.thinking for block in self.content if block.type == "thinking")

    @property
    def tool_calls(self) -> list[ToolCallBlock]:
        """The tool calls: each has a `name`, parsed `arguments`, and `input`, their text as received."""
        return [block for block in self.content if block.type == "tool_call"]

    def to_message(self, name: str = "assistant") -> Msg:
        """The response as a message of the conversation, to be sent with the next call."""
        usage = self.usage
        counted = usage and Usage(**{field: getattr(usage, field) for field in Usage.model_fields})
        return AssistantMsg(
            name, list(self.content), usage=counted, finish_reason=self.finish_reason, finished_at=new_timestamp()
        )

    def __repr__(self) -> str:
        """One line: the text, what else there is, why it ended, and the tokens."""
        others = Counter(block.type for block in self.content if block.type != "text")
        parts = [_cut(self.text), *(f"{kind} × {count}" for kind, count in others.items())]
        parts += [str(self.finish_reason)] if self.finish_reason else [] if self.is_last else ["not the last"]
        if self.usage:
            parts.append(f"tokens: {self.usage.input_tokens} in, {self.usage.output_tokens} out")
        parts += [f"{self.provider}/{self.model}"] if self.model else []
        parts += [f"warnings: {len(self.warnings)}"] if self.warnings else []
        return f"<{type(self).__name__} {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        from ..html import table  # for notebooks only

        rows: dict[str, object] = {"thinking": self.thinking, "text": self.text}
        rows["tools"] = "; ".join(f"{call.name} {call.input}" for call in self.tool_calls)
        rows["end"] = str(self.finish_reason) if self.finish_reason else None
        if self.usage:
            rows["tokens"] = f"{self.usage.input_tokens} in, {self.usage.output_tokens} out"
        rows["warnings"] = "; ".join(f"{each.setting}: {each.message}" for each in self.warnings)
        return table(f"{self.provider}/{self.model}" if self.model else "Response", rows)


def _cut(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"


_SHOWN = 60
"""Characters of a text in a `repr`."""


@dataclass(slots=True, eq=False, repr=False)
class StructuredResponse(NamedFields, Generic[ValueT]):
    """A validated object: `content` is the dict with defaults and coercions applied, `value` the instance.

    `response` is the answer that it was read from; of a step of a stream, what has arrived.

    A stream of them has steps with `is_last=False`, whose `content` is the object as far as it has arrived, not
    validated; each step has a dict of its own.
    """

    content: dict[str, Any]  # Any: whatever the schema describes
    value: ValueT = None  # type: ignore[assignment]  # a step has none; the last response always does
    strategy: str = ""
    usage: ChatUsage | Any = None  # Any: `None` before the last response, and where the provider reports none
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=new_timestamp)
    type: Literal["structured_response"] = "structured_response"
    metadata: dict[str, Any] = field(default_factory=dict)
    finish_reason: FinishReason | None = None
    warnings: list[ModelWarning] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    is_last: bool = True
    response: ChatResponse | Any = field(default=None, repr=False)  # Any: `None` where an application made the object

    def __repr__(self) -> str:
        """One line: the object, how it was asked for, and the tokens."""
        shown = repr(self.content if self.value is None else self.value)
        parts = [shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…", self.strategy]
        parts += [] if self.is_last else ["not the last"]
        if self.usage:
            parts.append(f"tokens: {self.usage.input_tokens} in, {self.usage.output_tokens} out")
        return f"<{type(self).__name__} {', '.join(filter(None, parts))}>"
