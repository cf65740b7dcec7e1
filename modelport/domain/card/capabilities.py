"""A model's capabilities as its card states them; codecs read these instead of testing model names.

Every field is optional. A fact that is left out means "unknown, therefore allowed": the provider decides.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ..deferred import Deferred

__all__ = [
    "BudgetFacts",
    "CacheFacts",
    "EmbeddingLimits",
    "SamplingFacts",
    "StructuredOutputFacts",
    "ThinkingFacts",
    "ToolChoiceFacts",
]

Count = Annotated[int, Field(gt=0)]


class _Facts(Deferred):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BudgetFacts(_Facts):
    """A thinking budget in tokens; with `dynamic`, -1 lets the model choose."""

    minimum: int = Field(default=0, ge=0)
    maximum: Count | None = None
    dynamic: bool = False


class ThinkingFacts(_Facts):
    """How a model's thinking is controlled.

    Attributes:
        modes: the values that the protocol's switch accepts (`adaptive`, `enabled`, `disabled`, `between_tools`);
            `None` when unknown, empty when the protocol has no switch.
        default: the mode in force when the request does not set one.
        can_disable: whether thinking can be switched off at all.
        off_mode: the mode to send for "off" where that is not `disabled`.
        efforts: the effort (or level) values the model accepts; empty when it accepts none, `None` when not known.
        default_effort: the effort in force when the request does not set one.
        off_efforts: the efforts with which thinking may be off; `None` when every one.
        budget: the range of a token budget; `None` when the model takes none.
        display: what the provider shows of the thinking unless asked otherwise (`summarized`, `omitted`).
        replay: how earlier thinking is sent back: `drop` it; `optional`; `tool_calls`: it must be sent back with the
            turns that called tools; `unedited`: valid only while everything before it is unchanged.
        preserve: whether the provider's switch that keeps thinking of earlier turns is accepted.
    """

    modes: list[str] | None = None
    default: str | None = None
    can_disable: bool = True
    off_mode: str | None = None
    efforts: list[str] | None = None
    default_effort: str | None = None
    off_efforts: list[str] | None = None
    budget: BudgetFacts | None = None
    display: str | None = None
    replay: Literal["drop", "optional", "tool_calls", "unedited"] | None = None
    preserve: bool = False


class ToolChoiceFacts(_Facts):
    """Which tool choices, apart from `auto` and `none`, the model accepts, and whether also while it thinks."""

    required: bool = True
    named: bool = True
    with_thinking: bool = True


class CacheFacts(_Facts):
    """For how long the provider keeps prompts when asked, in its own words and longest first."""

    times: list[str] = Field(min_length=1)


class StructuredOutputFacts(_Facts):
    """Which ways to a JSON answer the model has: an output schema, JSON mode, a forced tool call.

    `with_tools`: whether the first two are accepted in a request that also offers tools.
    """

    json_schema: bool = True
    json_mode: bool = True
    forced_tool: bool = True
    with_tools: bool = True


class SamplingFacts(_Facts):
    """Whether temperature, top_p and top_k may be sent: at all, while thinking, the first two together.

    Then `stop`, and the penalties, which may be sent only where the others may.
    """

    allowed: bool = True
    with_thinking: bool = True
    temperature_with_top_p: bool = True
    stop: bool = True
    penalties: bool = True


class EmbeddingLimits(_Facts):
    """What one embedding request may hold; `None` is unknown or unlimited.

    Attributes:
        batch_size: text inputs per request.
        elements: inputs of any kind per request of a multimodal model.
        images, videos, audios, pdfs: inputs of that kind per request.
        max_input_tokens: tokens per input.
        max_request_tokens: tokens summed over the request.
        fused: the provider makes ONE vector of everything in a request, so a request must hold one input.
        normalized: whether vectors have unit length: `always`, at the `native` size only, or `never`.
    """

    batch_size: Count | None = None
    elements: Count | None = None
    images: int | None = Field(default=None, ge=0)
    videos: int | None = Field(default=None, ge=0)
    audios: int | None = Field(default=None, ge=0)
    pdfs: int | None = Field(default=None, ge=0)
    max_input_tokens: Count | None = None
    max_request_tokens: Count | None = None
    fused: bool = False
    normalized: Literal["always", "native", "never"] | None = None
