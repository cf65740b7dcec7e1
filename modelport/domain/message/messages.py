"""Messages of a conversation. A tool call and its result are both in an assistant message."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ..deferred import Deferred
from ..ids import new_id, new_timestamp
from ..unicode import is_well_formed, well_formed, well_formed_value
from .attachments import PathObject
from .blocks import ContentBlock, ContentBlockTypes, DataBlock, TextBlock
from .finish import FinishReason
from .unchecked import made

__all__ = ["AssistantMsg", "Msg", "Role", "SystemMsg", "Usage", "UserMsg"]

Role = Literal["user", "assistant", "system"]

_ALLOWED: dict[str, frozenset[str]] = {
    "user": frozenset({"text", "data"}),
    "system": frozenset({"text"}),
}


class Usage(Deferred):
    """Token counts of a message, as in `ChatUsage`."""

    model_config = ConfigDict(extra="allow")

    input_tokens: int = 0
    output_tokens: int = 0
    cache_input_tokens: int = 0
    cache_creation_input_tokens: int = 0


class Msg(Deferred):
    """One message of a conversation; a string as `content` becomes one text block.

    Fields that this version does not know are kept, also in blocks.
    """

    model_config = ConfigDict(extra="allow")

    name: str
    content: list[ContentBlock]
    role: Role
    id: str = Field(default_factory=new_id)
    metadata: dict[str, Any] = Field(default_factory=dict)  # Any: the application's own data
    created_at: str = Field(default_factory=new_timestamp)
    finished_at: str | None = None
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    structured_output: dict[str, Any] | None = None  # Any: whatever the schema describes
    error: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _understood(cls, values: Any) -> Any:  # Any: pydantic's raw input
        if not isinstance(values, dict):
            return values
        if isinstance(values.get("content"), str):
            values = {**values, "content": [TextBlock(text=values["content"])]}
        return _with_finish_reason(values) if "finished_reason" in values else values

    @model_validator(mode="after")
    def _checked(self) -> Self:
        """The blocks fit the role, and UTF-8 can write every text, or the message could not be stored."""
        allowed = _ALLOWED.get(self.role)
        if allowed:
            for block in self.content:
                if block.type not in allowed:
                    raise ValueError(f"a {self.role} message holds only {sorted(allowed)} blocks, not {block.type!r}")
        if is_well_formed(self):
            return self
        for name, value in self.__dict__.items():
            changed = well_formed_value(value)
            if changed is not value:
                self.__dict__[name] = changed
        return self

    @property
    def finished_reason(self) -> str | None:
        """The name that AgentScope gives `finish_reason`, for reading."""
        kept = (self.model_extra or {}).get("finished_reason")
        return str(kept) if kept else self.finish_reason

    def append_event(self, event: Any) -> Self:  # Any: an event of a reply, whose module imports this one
        """Apply an event of an agent's reply, in the order in which they come; returns the message.

        The start of a reply gives its id and name to a message that has no content yet. Custom events are ignored. An
        event of another reply or of a block that never started changes nothing, with a `UserWarning`.
        """
        from .event_fold import append_block_event  # for code that rebuilds messages only

        kind = str(event.type)
        if kind == "CUSTOM":
            return self
        if kind == "REPLY_START" and not self.content:
            self.id, self.name, self.role, self.created_at = event.reply_id, event.name, event.role, event.created_at
        found = append_block_event(self.content, event) if event.reply_id == self.id else False
        if found is False:
            why = "it belongs to another reply, or to a block that never started"
            warnings.warn(f"{kind} was left out: {why}", stacklevel=2)
        elif kind == "MODEL_CALL_END":
            counts = {name: getattr(event, name) for name in Usage.model_fields}
            before = self.usage or Usage()
            self.usage = Usage(**{name: getattr(before, name) + count for name, count in counts.items()})
        elif kind == "REPLY_END":
            self.finish_reason, self.error, self.finished_at = event.finish_reason, event.error, event.created_at
        return self

    def has_content_blocks(self, types: ContentBlockTypes | Sequence[ContentBlockTypes] | None = None) -> bool:
        """Whether the message has a block of these types (default: any)."""
        return bool(self.get_content_blocks(types))

    def get_text_content(self, separator: str = "\n") -> str | None:
        """The text blocks joined, or `None` when there are none."""
        texts = [block.text for block in self.content if isinstance(block, TextBlock)]
        return separator.join(texts) if texts else None

    def get_content_blocks(
        self, types: ContentBlockTypes | Sequence[ContentBlockTypes] | None = None
    ) -> list[ContentBlock]:
        """The blocks of these types (default: all), in order."""
        if types is None:
            return list(self.content)
        wanted = {types} if isinstance(types, str) else set(types)
        return [block for block in self.content if block.type in wanted]


_ENDED_WELL = "completed"
"""The word of AgentScope's `finished_reason` that means `stop`; its other words are kept beside `other`."""


def _with_finish_reason(values: dict[str, Any]) -> dict[str, Any]:  # Any: pydantic's raw input
    """The values with `finish_reason` in place of a `finished_reason`."""
    word = str(values["finished_reason"] or "").rpartition(".")[2].lower()
    if word and values.get("finish_reason"):
        return values
    kept = {name: value for name, value in values.items() if name != "finished_reason"}
    if not word:
        return kept
    known = FinishReason.STOP if word == _ENDED_WELL else FinishReason.__members__.get(word.upper())
    return {**kept, "finish_reason": known} if known else {**kept, "finish_reason": "other", "finished_reason": word}


TextPart = str | TextBlock
UserPart = str | TextBlock | DataBlock | PathObject
AssistantPart = str | ContentBlock | PathObject


def UserMsg(name: str, content: str | Sequence[UserPart], **fields: Any) -> Msg:  # Any: Msg's fields
    """A message of the user (or another agent): text and data.

    In a list a string is a text, and a `pathlib.Path` a file of this machine, as `DataBlock.from_file` reads it.
    """
    return _finished(name, content, "user", fields)


def SystemMsg(name: str, content: str | Sequence[TextPart], **fields: Any) -> Msg:  # Any: Msg's fields
    """An instruction: text only."""
    return _finished(name, content, "system", fields)


def AssistantMsg(name: str, content: str | Sequence[AssistantPart], **fields: Any) -> Msg:  # Any: Msg's fields
    """A message of the model: its output, its tool calls and their results."""
    return Msg(name=name, content=_blocks(content), role="assistant", **fields)


def _finished(name: str, content: str | Sequence[Any], role: Role, fields: dict[str, Any]) -> Msg:
    """User and system messages are complete when they are made."""
    if type(content) is str and type(name) is str and not fields:
        return _of_text(well_formed(name), well_formed(content), role)
    created = fields.pop("created_at", None) or new_timestamp()
    finished = fields.pop("finished_at", None) or created
    return Msg(name=name, content=_blocks(content), role=role, created_at=created, finished_at=finished, **fields)


def _of_text(name: str, text: str, role: Role) -> Msg:
    """What validation makes of a name and a text, in a third of its time: it is a tenth of a short call's own part."""
    created = new_timestamp()
    block = made(
        TextBlock,
        {
            "id": new_id(),
            "created_at": new_timestamp(),
            "finished_at": None,
            "provider_data": None,
            "cache": None,
            "type": "text",
            "text": text,
        },
        {"text"},
    )
    fields: dict[str, Any] = {  # Any: each has its own type
        "name": name,
        "content": [block],
        "role": role,
        "id": new_id(),
        "metadata": {},
        "created_at": created,
        "finished_at": created,
        "usage": None,
        "finish_reason": None,
        "structured_output": None,
        "error": None,
    }
    return made(Msg, fields, {"name", "content", "role", "created_at", "finished_at"})


def _blocks(content: str | Sequence[Any]) -> Any:  # Any: validated by Msg
    return content if isinstance(content, str) else [_block(part) for part in content]


def _block(part: Any) -> Any:  # Any: validated by Msg
    if isinstance(part, str):
        return TextBlock(text=part)
    return DataBlock.from_file(part) if hasattr(part, "__fspath__") else part
