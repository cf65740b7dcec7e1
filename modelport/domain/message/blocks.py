"""Content blocks: the parts of a message, and of a stream's deltas.

Blocks are pydantic models, so that messages can be stored and read back. A stream makes one per event: building one
costs under a microsecond when id and timestamp are given, and bypassing the validation would not be faster.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, ValidationInfo, field_validator, model_validator

from ..deferred import Deferred
from ..ids import new_id, new_timestamp
from .attachments import FilePath, file_name, guessed_type, read_file, write_file
from .base64_text import plain_base64
from .media_types import canonical_type, type_of_data, type_of_url
from .urls import encoded_url

__all__ = [
    "Base64Source",
    "ContentBlock",
    "ContentBlockTypes",
    "DataBlock",
    "HintBlock",
    "ProviderData",
    "TextBlock",
    "ThinkingBlock",
    "ToolCallBlock",
    "ToolCallState",
    "ToolResultBlock",
    "ToolResultState",
    "URLSource",
]


class ProviderData(Deferred):
    """Opaque data that only its owner can read: a thinking signature, an encrypted reasoning item.

    It is sent back to the owner verbatim, and to no other provider.
    """

    model_config = ConfigDict(extra="allow")

    provider: str
    """The provider that made it, e.g. `anthropic`."""
    family: str = ""
    """The model family inside the provider that can read it; empty when any of its models can."""
    data: dict[str, JsonValue] = Field(default_factory=dict)

    def owned_by(self, provider: str, family: str = "") -> bool:
        """Whether that provider and family may be sent this data."""
        return self.provider == provider and self.family in ("", family)


_SHOWN = 60
"""Characters of base64 in a `repr`."""


class _Start(str):
    def __repr__(self) -> str:
        return f"{self[:_SHOWN]!r}… ({len(self):,} characters)"


class Base64Source(Deferred):
    """Media held in the message itself: bare base64 text, without a `data:` prefix.

    Line breaks are removed, the URL-safe alphabet is replaced by the usual one, and padding is added. Without a
    `media_type` the first bytes tell it.
    """

    model_config = ConfigDict(extra="allow")

    type: Literal["base64"] = "base64"
    data: str
    media_type: str = Field(default="", validate_default=True)

    @field_validator("data")
    @classmethod
    def _bare(cls, value: str) -> str:
        if value.startswith("data:"):
            raise ValueError("give bare base64 here, without the 'data:...;base64,' prefix")
        return plain_base64(value)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:  # Any: the fields' values
        """The fields, with the first characters of long data: a file's would fill the log that a message stands in."""
        for name, value in super().__repr_args__():
            yield name, value if name != "data" or len(value) <= _SHOWN else _Start(value)

    @field_validator("media_type", mode="before")
    @classmethod
    def _named(cls, value: Any, info: ValidationInfo) -> Any:  # Any: unvalidated input
        if not value:
            value = type_of_data(str(info.data.get("data", "")))
        return _known_type(value, "the first bytes of the data show none; give one, e.g. media_type='image/png'")


class URLSource(Deferred):
    """Media elsewhere: an `http(s)` URL, or a `file` URL below a root that the settings allow.

    Without a `media_type` the ending of the URL's path tells it. What a URL may not hold is percent-encoded.
    """

    model_config = ConfigDict(extra="allow")

    type: Literal["url"] = "url"
    url: str
    media_type: str = Field(default="", validate_default=True)

    @field_validator("url", mode="before")
    @classmethod
    def _with_scheme(cls, value: Any) -> str:  # Any: unvalidated input
        text = str(value)
        if "://" not in text:
            raise ValueError(f"{text[:80]!r} is not a URL: write https://… or file:///…")
        return encoded_url(text)

    @field_validator("media_type", mode="before")
    @classmethod
    def _named(cls, value: Any, info: ValidationInfo) -> Any:  # Any: unvalidated input
        if not value:
            value = type_of_url(info.data.get("url", ""))
        return _known_type(value, "the URL ends in no known one; give one, e.g. media_type='image/png'")


def _known_type(value: Any, advice: str) -> Any:  # Any: unvalidated input
    if not value:
        raise ValueError(f"the media type is missing: {advice}")
    return canonical_type(value) if isinstance(value, str) else value


Source = Annotated[Base64Source | URLSource, Field(discriminator="type")]


class _Block(Deferred):
    model_config = ConfigDict(extra="allow")  # data of another version is kept

    id: str = Field(default_factory=new_id)
    created_at: str = Field(default_factory=new_timestamp)
    finished_at: str | None = None
    provider_data: ProviderData | None = None
    cache: bool | str | None = None
    """Ask the provider to keep the prompt up to and with this block: `True`, or for how long, such as `1h`."""

    def __repr_args__(self) -> Any:  # Any: pydantic's own
        """The fields that matter to a reader; ids, times and defaults are left out."""
        fields = type(self).model_fields
        hidden = {"created_at", "finished_at", "type"} | ({"id"} if not fields["id"].is_required() else set())
        for name, value in super().__repr_args__():
            default = fields[name].get_default(call_default_factory=True) if name in fields else None
            if name not in hidden and (name not in fields or value != default):
                yield name, value


class TextBlock(_Block):
    """Visible text."""

    type: Literal["text"] = "text"
    text: str


class ThinkingBlock(_Block):
    """A model's reasoning text; `redacted` blocks have no text, only data for their owner."""

    type: Literal["thinking"] = "thinking"
    thinking: str
    redacted: bool = False

    @model_validator(mode="before")
    @classmethod
    def _owned(cls, values: Any) -> Any:  # Any: unvalidated input
        """Blocks that AgentScope stored have their owner's data in fields of their own."""
        if isinstance(values, dict) and not _FOREIGN.isdisjoint(values) and not values.get("provider_data"):
            return _with_owner(values)
        return values


_FOREIGN = frozenset({"signature", "redacted_thinking_data", "reasoning_item_id", "reasoning_item_raw"})


def _with_owner(values: dict[str, Any]) -> dict[str, Any]:  # Any: unvalidated input
    """The values with that data as `provider_data`: signatures are Anthropic's, reasoning items OpenAI's."""
    kept = {name: value for name, value in values.items() if name not in _FOREIGN}
    item, item_id = values.get("reasoning_item_raw"), values.get("reasoning_item_id")
    if isinstance(item, str):
        item = {"type": "reasoning", "id": item_id, "encrypted_content": item}
    if item or item_id:
        owned = {"item": item or {"type": "reasoning", "id": item_id}}
        return {**kept, "provider_data": {"provider": "openai", "data": owned}}
    data = {"signature": values.get("signature"), "redacted": values.get("redacted_thinking_data")}
    data = {name: value for name, value in data.items() if value}
    if "redacted" in data:
        kept.setdefault("redacted", True)
    return {**kept, "provider_data": {"provider": "anthropic", "data": data}} if data else kept


class DataBlock(_Block):
    """An image, sound, video or document: `DataBlock.from_file("cat.png")`, `.from_bytes(…)`, `.from_url(…)`."""

    type: Literal["data"] = "data"
    source: Source
    name: str | None = None

    @classmethod
    def from_file(cls, path: FilePath, media_type: str | None = None) -> Self:
        """A file of this machine, which is read now and sent with the message.

        Without a `media_type` its first bytes tell it, else its ending. Raises `ValueError` when neither does, or for
        an empty file or one of more than 512 MiB, and `OSError` when it cannot be read.
        """
        return cls.from_bytes(read_file(path), media_type, file_name(path))

    @classmethod
    def from_bytes(cls, data: bytes, media_type: str | None = None, name: str | None = None) -> Self:
        """The bytes of a file. Without a `media_type` the first bytes tell it, else the ending of `name`.

        Raises `ValueError` when neither does.
        """
        kind = media_type or guessed_type(data, name or "")
        return cls(source=Base64Source(data=base64.b64encode(data).decode("ascii"), media_type=kind), name=name)

    @classmethod
    def from_url(cls, url: str, media_type: str | None = None, name: str | None = None) -> Self:
        """Media at a URL, which the provider fetches, or Modelport where it cannot; also a `data:` URL.

        Without a `media_type` the ending of the URL's path tells it. Raises `ValueError` when it does not.
        """
        head, comma, data = url.partition(",")
        if head.startswith("data:") and comma and head.endswith(";base64"):
            kind = media_type or head.removeprefix("data:").removesuffix(";base64")
            return cls(source=Base64Source(data=data, media_type=kind), name=name)
        return cls(source=URLSource(url=url, media_type=media_type or ""), name=name)

    def to_bytes(self) -> bytes:
        """The file's bytes. Raises `ValueError` for media that is at a URL, and for data that is not base64."""
        if isinstance(self.source, URLSource):
            raise ValueError("the media is at a URL and not in the message; fetch it from `block.source.url`")
        try:
            return base64.b64decode(self.source.data, validate=True)
        except binascii.Error as error:
            raise ValueError(f"the data of the block is not base64: {error}") from error

    def save(self, path: FilePath) -> None:
        """Write the bytes to a file, a WAV with its true sizes. Raises as `to_bytes`, and `OSError`."""
        write_file(path, self.to_bytes(), self.source.media_type)


class HintBlock(_Block):
    """A hint that the application adds for the model, e.g. a reminder."""

    type: Literal["hint"] = "hint"
    hint: str | list[TextBlock | DataBlock]
    source: str | None = None
    finished_at: str | None = Field(default_factory=new_timestamp)


class ToolCallState(StrEnum):
    """The state of a tool call."""

    PENDING = "pending"
    ASKING = "asking"
    ALLOWED = "allowed"
    SUBMITTED = "submitted"
    FINISHED = "finished"


class ToolResultState(StrEnum):
    """The state of a tool's run."""

    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    INTERRUPTED = "interrupted"
    DENIED = "denied"


class ToolCallBlock(_Block):
    """A tool call the model asks for; `input` is the raw JSON text exactly as received."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    input: str
    state: ToolCallState = ToolCallState.PENDING
    suggested_rules: list[JsonValue] = Field(default_factory=list)

    @property
    def arguments(self) -> dict[str, Any]:  # Any: each argument has its own type
        """`input` as an object, `{}` when it is blank; raises `ValueError` when it is not the text of a JSON object."""
        import json  # for programs that run tools

        try:
            value = json.loads(self.input) if self.input.strip() else {}
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"the arguments of {self.name} are not JSON ({error}); `input` is the text received"
            ) from error
        if not isinstance(value, dict):
            raise ValueError(f"the arguments of {self.name} are {type(value).__name__}, expected a JSON object")
        return value


class ToolResultBlock(_Block):
    """What a tool returned; `id` is the id of the call it answers, whose `name` may be left out."""

    type: Literal["tool_result"] = "tool_result"
    id: str
    name: str = ""
    output: str | list[TextBlock | DataBlock]
    state: ToolResultState = ToolResultState.RUNNING
    metadata: dict[str, JsonValue] = Field(default_factory=dict)


ContentBlock = Annotated[
    TextBlock | ThinkingBlock | DataBlock | HintBlock | ToolCallBlock | ToolResultBlock,
    Field(discriminator="type"),
]
ContentBlockTypes = Literal["text", "thinking", "data", "hint", "tool_call", "tool_result"]
