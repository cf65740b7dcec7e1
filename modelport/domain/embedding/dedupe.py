"""Removes duplicate inputs, and maps the answers back to all inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .identity import input_key
from .packing import EmbeddingInput

__all__ = ["Deduplicated", "deduplicate"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """The distinct inputs in the order of their first appearance.

    Attributes:
        unique: the distinct inputs.
        first: for each of them, the index of its first appearance among all inputs.
        places: for each of all inputs, the index of its distinct one.
    """

    unique: list[EmbeddingInput]
    first: list[int]
    places: list[int]

    def expand(self, answers: Sequence[T]) -> list[T]:
        """One answer per input, from one per distinct input; equal inputs share the same object."""
        if len(answers) != len(self.unique):
            raise ValueError(f"{len(answers)} answers for {len(self.unique)} distinct inputs")
        return [answers[place] for place in self.places]

    def all_indices(self, unique_indices: Iterable[int]) -> list[int]:
        """The indices among all inputs of these distinct ones, ascending."""
        wanted = set(unique_indices)
        return [index for index, place in enumerate(self.places) if place in wanted]


def deduplicate(inputs: Sequence[EmbeddingInput]) -> Deduplicated:
    """Group identical inputs: the same text, or media of the same type with the same data or URL."""
    found: dict[str | tuple[str, ...], int] = {}
    first: list[int] = []
    places: list[int] = []
    for index, item in enumerate(inputs):
        place = found.setdefault(item if isinstance(item, str) else input_key(item), len(first))
        if place == len(first):
            first.append(index)
        places.append(place)
    return Deduplicated([inputs[index] for index in first], first, places)
