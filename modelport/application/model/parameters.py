"""Parameters that several providers have, with the words and ranges that a form shows.

The default stays with the class: `top_p: TopP = None`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = [
    "EFFORT",
    "Dimensions",
    "MaxTokens",
    "ParallelToolCalls",
    "Temperature",
    "ThinkingEnable",
    "TopK",
    "TopP",
    "UnitTemperature",
]

_RANDOMNESS = "Randomness of the choice of words; lower is more predictable."

MaxTokens = Annotated[
    int | None,
    Field(gt=0, title="Max tokens", description="The most tokens of answer and reasoning together."),
]
Temperature = Annotated[float | None, Field(ge=0, le=2, title="Temperature", description=_RANDOMNESS)]
UnitTemperature = Annotated[float | None, Field(ge=0, le=1, title="Temperature", description=_RANDOMNESS)]
"""A temperature for the providers whose scale ends at 1."""
TopP = Annotated[
    float | None,
    Field(
        gt=0,
        le=1,
        title="Top P",
        description="Only the likeliest words whose probabilities add up to this are considered.",
    ),
]
TopK = Annotated[
    int | None,
    Field(gt=0, title="Top K", description="Only this many of the likeliest words are considered."),
]
ThinkingEnable = Annotated[
    bool,
    Field(title="Thinking", description="Whether the model thinks before it answers."),
]
EFFORT = Field(title="Reasoning effort", description="How much the model thinks; not every model takes every value.")
"""For `Annotated[Literal[...] | None, EFFORT]`: every provider has levels of its own."""
ParallelToolCalls = Annotated[
    bool,
    Field(title="Parallel tool calls", description="Whether one answer may call several tools."),
]
Dimensions = Annotated[
    int | None,
    Field(gt=0, title="Dimensions", description="Size of each vector; the model's own size when not set."),
]
