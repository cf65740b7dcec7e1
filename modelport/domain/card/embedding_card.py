"""The cards of embedding models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .capabilities import EmbeddingLimits
from .cards import ANYTHING, BaseCard, CardKind
from .form import FormRules

__all__ = ["EmbeddingModelCard"]


class EmbeddingModelCard(BaseCard):
    """An embedding model. `context_size` is in tokens per input, `limits` are those of one request.

    `dimensions` is the default vector size and `supported_dimensions` the sizes to offer. Cards give either these or
    the same facts as an override of the parameter `dimensions`; both are filled in on the card.
    """

    kind: ClassVar[CardKind] = "embedding"

    type: Literal["embedding_model"] = "embedding_model"
    output_types: list[str] = Field(default_factory=lambda: ["application/x-embedding"])
    context_size: int = Field(gt=0)
    dimensions: int | None = Field(default=None, gt=0)
    supported_dimensions: list[int] | None = None
    limits: EmbeddingLimits = EmbeddingLimits()

    @classmethod
    def permissive(
        cls, name: str, base_schema: Mapping[str, Any] | None = None, *, context_size: int = 8192
    ) -> EmbeddingModelCard:
        """The card of an embedding model without one."""
        card = cls(name=name, label=name, input_types=list(ANYTHING), context_size=context_size, known=False)
        return card.with_form(base_schema or {})

    def model_post_init(self, context: Any, /) -> None:
        """Read the vector sizes out of the override when the card gives them there (Any: pydantic's own)."""
        override = self.given_overrides.get("dimensions") or {}
        default, choices = override.get("default"), override.get("enum")
        if self.dimensions is None and isinstance(default, int):
            self.dimensions = default
        if self.supported_dimensions is None and isinstance(choices, list):
            self.supported_dimensions = [size for size in choices if isinstance(size, int)]

    def _form_faults(self, known: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
        yield from super()._form_faults(known)
        if self.dimensions and self.supported_dimensions and self.dimensions not in self.supported_dimensions:
            yield (
                ("dimensions",),
                f"dimensions {self.dimensions} is not one of the supported {self.supported_dimensions}",
            )

    def _form_rules(self) -> FormRules:
        given: dict[str, Any] = {"default": self.dimensions, "enum": self.supported_dimensions}
        given = {key: value for key, value in given.items() if value is not None}
        override = self.given_overrides.get("dimensions", {})
        dimensions = None if override is None else {**given, **override}
        return FormRules(overrides={**self.given_overrides, "dimensions": dimensions})
