"""A profile of the dialect as plain data, e.g. from a YAML file, for a provider that speaks Chat Completions.

Only differences from OpenAI are given. A reader of errors cannot be data and needs Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ....domain import errors
from ....domain.card.capabilities import ToolChoiceFacts
from ....domain.errors import ModelError
from ....domain.structured.native_output import OPENAI_NATIVE, NativeOutput
from ....domain.structured.schema_rules import (
    ANTHROPIC_TOOL,
    GEMINI_TOOL,
    GENERIC,
    MOONSHOT,
    MOONSHOT_TOOL,
    OPENAI_LOOSE,
    OPENAI_STRICT,
    OPENAI_TOOL,
)
from ....ports.codec.chat import ChatRequest
from ...wire.words.error_words import COMMON_CODES
from .profile import MediaRules, OpenAIChatProfile
from .thinking import NO_EFFORT, ThinkingPlan, ThinkingRule, ThinkingSwitch, effort_only, with_effort, without_effort

__all__ = ["MediaData", "OutputData", "ProfileData", "ThinkingData"]


_RULES = (OPENAI_STRICT, OPENAI_LOOSE, MOONSHOT, GENERIC)
_TOOL_RULES = (OPENAI_TOOL, ANTHROPIC_TOOL, GEMINI_TOOL, MOONSHOT_TOOL)
_CONVERTED = {"fields", "thinking", "native_output", "tool_rules", "tool_choice", "media", "codes"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThinkingData(_Strict):
    """A body field that switches thinking, e.g. `{switch: enable_thinking, on: true, off: false}`."""

    switch: str
    on: Any = Field(default=True, description="The field's value for thinking.")  # Any: the provider's JSON
    off: Any = Field(default=False, description="The field's value for no thinking.")
    effort: bool | str = Field(
        default=False,
        description="Whether `reasoning_effort` may be sent with it, or the field for it, e.g. `reasoning.effort`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:  # Any: what a YAML file holds, in which `on` and `off` are truth values
        if not isinstance(value, Mapping):
            return value
        return {{True: "on", False: "off"}.get(key, key): given for key, given in value.items()}

    def rule(self) -> ThinkingRule:
        """The rule that codecs call."""
        switch = ThinkingSwitch(self.switch, on=self.on, off=self.off)
        field = "reasoning_effort" if self.effort is True else self.effort

        def plan(request: ChatRequest) -> ThinkingPlan:
            decides = bool(field) or request.parameters.get("reasoning_effort") == NO_EFFORT
            planned = switch.plan(request, implied_by="reasoning_effort" if decides else "")
            return with_effort(planned, request, field) if field else without_effort(planned, request)

        return plan


class ToolChoiceData(_Strict):
    """`ToolChoiceFacts`: which choices the server accepts."""

    required: bool = True
    named: bool = True
    with_thinking: bool = True


class MediaData(_Strict):
    """`MediaRules`; fields that are left out have OpenAI's values."""

    images: bool | None = None
    image_types: frozenset[str] | None = None
    image_urls: bool | None = None
    audio_formats: dict[str, str] | None = Field(default=None, description="MIME type to the wire's word.")
    audio_urls: bool | None = None
    audio_data_uri: bool | None = None
    video: bool | None = None
    video_urls: bool | None = None
    documents: bool | None = None
    in_tool_results: bool | None = None
    own_schemes: frozenset[str] | None = None
    max_url_length: int | None = Field(default=None, gt=0)

    def rules(self) -> MediaRules:
        """The rules that formatters read."""
        return replace(MediaRules(), **self.model_dump(exclude_none=True))


class OutputData(_Strict):
    """`NativeOutput`: which structured-output features the API has."""

    rules: Literal["openai_strict", "openai_loose", "moonshot", "generic"] | None = Field(
        default="openai_strict",
        description="The JSON Schema that `response_format` accepts; null for none.",
    )
    json_mode: bool = True
    forced_tool: bool = True
    schema_unseen: bool = Field(
        default=False, description="Whether the model does not see the schema that guides it; the prompt repeats it."
    )

    def native(self) -> NativeOutput:
        """As the `NativeOutput` that codecs read."""
        rules = next((rules for rules in _RULES if rules.name == self.rules), None)
        unknown = OPENAI_NATIVE.unknown_schema if rules is OPENAI_NATIVE.schema else None
        return NativeOutput(
            schema=rules,
            unknown_schema=unknown,
            json_mode=self.json_mode,
            forced_tool=self.forced_tool,
            schema_unseen=self.schema_unseen,
        )


class ProfileData(_Strict):
    """`OpenAIChatProfile`; fields that are left out have OpenAI's values."""

    fields: dict[str, str | None] = Field(
        default_factory=dict,
        description="Our parameter to the wire's field, added to the usual ones; null for none.",
    )
    path: str | None = Field(default=None, pattern=r"^/", description="`{model}` stands for the model's name.")
    extra_body: dict[str, Any] | None = None  # Any: the provider's JSON
    tool_stream_body: dict[str, Any] | None = None  # Any: as above
    temperature_range: tuple[float, float] | None = None
    thinking: Literal["effort"] | ThinkingData = "effort"
    native_output: OutputData = OutputData()
    tool_rules: Literal["openai_tool", "anthropic_tool", "gemini_tool", "moonshot_tool"] = Field(
        default="openai_tool", description="The JSON Schema that the parameters of tools may use."
    )
    tools: bool | None = None
    tool_choice: ToolChoiceData | None = None
    choice_of_none: bool | None = None
    replay_reasoning: Literal["never", "tool_calls", "always"] | None = None
    replay_unknown: bool | None = None
    reasoning_placeholder: str | None = None
    media: MediaData = MediaData()
    reasoning_form: Literal["field", "tags", "parts"] | None = None
    cumulative_text: bool | None = None
    kept_fields: tuple[str, ...] | None = None
    message_names: bool | None = None
    text_only_as_string: bool | None = None
    empty_content: str | None = None
    max_id_length: int | None = Field(default=None, ge=16)
    id_length: int | None = Field(default=None, ge=6, le=40)
    one_system_message: bool | None = None
    cache_control: bool | None = Field(
        default=None, description="Whether parts may have `cache_control`, which keeps the prompt up to them."
    )
    codes: dict[str, str] = Field(
        default_factory=dict, description="The provider's error words to classes of `modelport.error`."
    )
    stream_usage: bool | None = None
    audio_stream_format: str | None = None
    raw_audio_formats: frozenset[str] | None = None
    audio_needs_stream: bool | None = None
    keeps_audio: bool | None = None
    error_finish_reasons: frozenset[str] | None = None

    @field_validator("codes")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        wrong = [name for name in value.values() if not _is_model_error(getattr(errors, name, None))]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is not an error class of a model call; expected one of modelport.error")
        return value

    def profile(self, provider: str) -> OpenAIChatProfile:
        """The profile of that provider."""
        plain = self.model_dump(exclude_none=True, exclude=_CONVERTED)
        usual = OpenAIChatProfile(provider=provider)
        given = {**usual.fields, **self.fields}
        return replace(
            usual,
            **plain,
            fields={ours: wire for ours, wire in given.items() if wire is not None},
            thinking=effort_only if self.thinking == "effort" else self.thinking.rule(),
            native_output=self.native_output.native(),
            tool_rules=next(rules for rules in _TOOL_RULES if rules.name == self.tool_rules),
            tool_choice=ToolChoiceFacts(**self.tool_choice.model_dump()) if self.tool_choice else None,
            media=self.media.rules(),
            codes={**COMMON_CODES, **{word.lower(): getattr(errors, name) for word, name in self.codes.items()}},
        )


def _is_model_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, ModelError)
