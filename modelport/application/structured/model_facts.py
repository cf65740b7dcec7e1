"""The facts about a model that its structured-output plan depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from ...domain.card.cards import ModelCard
from ...domain.chat.tools import ToolChoice
from ...domain.structured.native_output import NativeOutput
from ...domain.structured.plan import StructuredSituation, thinks_in_call

__all__ = ["ModelFacts"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a chat model before it is called: its card, its protocol's output formats, its parameters."""

    card: ModelCard
    native: NativeOutput
    parameters: BaseModel

    @property
    def asked_to_think(self) -> bool:
        """Whether the caller set a parameter that turns thinking on."""
        chosen = self.parameters.model_fields_set
        return any(name.startswith("thinking_") and getattr(self.parameters, name) for name in chosen)

    def situation(
        self, problems: Sequence[str], choice: ToolChoice | None, *, other_tools: bool
    ) -> StructuredSituation:
        """The facts that the plan depends on; `problems` are the reasons why the schema cannot be sent."""
        card = self.card
        has_switch = "thinking_enable" in type(self.parameters).model_fields
        return StructuredSituation(
            native=self.native,
            output=card.structured_output,
            tool_choice=card.tool_choice,
            takes_tools=card.tools,
            thinks=self._thinks(),
            can_stop=has_switch and (card.thinking is None or card.thinking.can_disable),
            other_tools=other_tools,
            problems=problems,
            choice=choice,
        )

    def _thinks(self) -> bool | None:
        values = self.parameters.model_dump(exclude_none=True)
        chosen = frozenset(self.parameters.model_fields_set)
        return thinks_in_call(values, chosen, self.card.thinking, known=self.card.known)
