"""The output formats that protocols have, whatever the model.

Facts: docs/protocols/structured-output.md#ways-to-json.
"""

from __future__ import annotations

from ..records import record
from .schema_rules import OPENAI_LIKE, OPENAI_STRICT, SchemaRules

__all__ = ["NOTHING_NATIVE", "OPENAI_NATIVE", "NativeOutput"]


@record(frozen=True, slots=True, kw_only=True)
class NativeOutput:
    """The output formats that a protocol has, whatever the model; each codec provides one."""

    schema: SchemaRules | None = None
    """The rules of its schema output; `None` when the protocol has none."""
    unknown_schema: SchemaRules | None = None
    """The rules for models without a card, if different."""
    json_mode: bool = False
    forced_tool: bool = True
    schema_unseen: bool = False
    """Whether a schema guides the output without the model seeing it, so that the prompt has to repeat it."""

    def rules(self, *, known: bool) -> SchemaRules | None:
        """The rules for a model with, or without, a card."""
        return self.schema if known or self.schema is None else self.unknown_schema or self.schema


NOTHING_NATIVE = NativeOutput()
"""For a model without a codec: only tool calls can be assumed."""
OPENAI_NATIVE = NativeOutput(schema=OPENAI_STRICT, unknown_schema=OPENAI_LIKE, json_mode=True)
