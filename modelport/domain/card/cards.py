"""Model cards: what a model can do, in a form that drives a user interface and the codecs alike.

A card is data from a YAML file. Its `parameter_schema` is the JSON Schema of the model's form: the schema of the
class's `Parameters`, narrowed by the card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    computed_field,
    field_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..deferred import Deferred
from ..message.media import THINKING_TYPE, media_matches
from .capabilities import (
    CacheFacts,
    SamplingFacts,
    StructuredOutputFacts,
    ThinkingFacts,
    ToolChoiceFacts,
)
from .form import NO_FORM, FormRules, MergedSchema, Schema, copy_json, merge_schema
from .form_check import form_fault, schema_fault
from .shown import line_of, rich_facts_of, table_of

__all__ = [
    "ANYTHING",
    "BaseCard",
    "CardKind",
    "CardQuery",
    "CardStatus",
    "ModelCard",
]

CardKind = Literal["chat", "tts", "embedding", "realtime", "stt"]
CardStatus = Literal["active", "deprecated", "sunset"]
Overrides = dict[str, dict[str, Any] | None]
ANYTHING = ["*/*"]
"""Any media type."""


class BaseCard(Deferred):
    """What the kinds of card share.

    Attributes:
        name: the model identifier at the provider.
        label: the name to show.
        status: `deprecated` has an announced end (`sunset_on`), `sunset` means that it has passed.
        sunset_on, deprecated_on, successor: when it ends (also `retires_on`), when that was said, and what follows it.
        aliases: further identifiers of the same model, e.g. dated snapshots.
        classes: the model classes the card is for; `None` for every class of its kind that reads the folder.
        input_types, output_types: MIME types, also as `image/*`.
        given_overrides: what was given as `parameter_overrides` (or `parameters_overrides`); shared by the copies of a
            card, so read `parameters_overrides` instead.
        source, verified_on: where the facts come from and when they were compared.
        notes: where sources differ.
        known: `False` for the generic card of a model that has none.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: ClassVar[CardKind]

    name: str = Field(min_length=1)
    label: str = Field(min_length=1)
    status: CardStatus = "active"
    aliases: list[str] = Field(default_factory=list)
    classes: list[str] | None = None
    input_types: list[str] = Field(default_factory=lambda: ["text/plain"])
    given_overrides: Overrides = Field(
        default_factory=dict,
        validation_alias=AliasChoices("parameter_overrides", "parameters_overrides"),
        exclude=True,
        repr=False,
    )
    sunset_on: date | None = Field(default=None, strict=False, validation_alias=AliasChoices("sunset_on", "retires_on"))
    deprecated_on: date | None = Field(default=None, strict=False)
    successor: str | None = None
    source: str | None = None
    verified_on: date | None = Field(default=None, strict=False)
    notes: str | None = None
    known: bool = Field(default=True, exclude=True)
    _form: MergedSchema = PrivateAttr(default_factory=lambda: NO_FORM)  # pydantic copies a `default` for every card

    @field_validator("given_overrides")
    @classmethod
    def _checkable(cls, overrides: Overrides) -> Overrides:
        faults = (schema_fault(override, name) for name, override in overrides.items() if override is not None)
        fault = next(filter(None, faults), None)
        if fault:
            raise ValueError(fault)
        return overrides

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any], base_schema: Mapping[str, Any]) -> Self:
        """A card of a file's content and `Parameters.model_json_schema()`; raises pydantic's `ValidationError`."""
        return cls.model_validate(facts).with_form(base_schema)

    def check_form(self, base_schema: Mapping[str, Any]) -> None:
        """Check the card against the class whose `Parameters` have this schema.

        Raises:
            ValidationError: an override names a parameter that the class does not have, or what the card says of a
                parameter contradicts itself.
        """
        faults: list[InitErrorDetails] = [
            {"type": PydanticCustomError("form", "{reason}", {"reason": reason}), "loc": place, "input": None}
            for place, reason in self._form_faults(base_schema.get("properties", {}))
        ]
        if faults:
            raise ValidationError.from_exception_data(type(self).__name__, faults)

    def _form_faults(self, known: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
        """Where an override is wrong, and why (Any: JSON Schemas)."""
        properties, definitions = self._form.schema.get("properties", {}), self._form.schema.get("$defs")
        for name in self.given_overrides:
            if name not in known:
                yield (
                    ("parameter_overrides", name),
                    f"the model class has no such parameter; it has {', '.join(known) or 'none'}",
                )
            fault = form_fault(properties.get(name, {}), definitions)
            if fault:
                yield ("parameter_overrides", name, fault[0]), fault[1]

    def with_form(self, base_schema: Mapping[str, Any]) -> Self:
        """This card, its form made from the schema of a class's `Parameters`."""
        self._form = merge_schema(base_schema, self._form_rules())
        self.__dict__.pop("parameter_schema", None)
        return self

    @computed_field  # type: ignore[prop-decorator]  # mypy supports only plain properties here
    @cached_property
    def parameter_schema(self) -> Schema:
        """The final JSON Schema of the form: a copy of this card's own, made when first asked for."""
        own: Schema = copy_json(self._form.schema)
        return own

    @computed_field  # type: ignore[prop-decorator]  # as above
    @cached_property
    def parameters_overrides(self) -> Overrides:
        """Per parameter what the card changes: a copy of this card's own, made when first asked for."""
        own: Overrides = copy_json(self.given_overrides)
        return own

    __str__ = __repr__ = line_of
    __rich_repr__, _repr_html_ = rich_facts_of, table_of

    retires_on: ClassVar = property(lambda self: self.sunset_on, doc="When the model ends, or ended.")

    def form_schema(self) -> Schema:
        """`parameter_schema` as a form that can be rendered: no `null`, bounds beside types, defaults shown."""
        from .form_view import form_of  # for user interfaces only

        return form_of(self.parameter_schema)

    def visible_parameters(self) -> list[str]:
        """The parameters in the form, in its order."""
        return list(self.parameter_schema.get("properties", {}))

    def removed_parameters(self) -> dict[str, Schema]:
        """The class's parameters that this model does not have, each with its schema in the class."""
        return {name: copy_json(schema) for name, schema in self._form.removed.items()}

    def hidden_parameters(self) -> dict[str, Schema]:
        """The class's parameters that the card hides, each with its schema in the class."""
        return {name: copy_json(schema) for name, schema in self._form.hidden.items()}

    def why_missing(self, parameter: str) -> Literal["removed", "hidden"] | None:
        """Why a parameter of the class is not in the form; `None` when it is, or when the class does not have it."""
        if parameter in self._form.hidden:
            return "hidden"
        return "removed" if parameter in self._form.removed else None

    def class_default(self, parameter: str) -> Any:
        """The class's own default of a parameter that is not in the form (Any: a JSON value)."""
        gone = self._form.hidden.get(parameter) or self._form.removed.get(parameter) or {}
        return gone.get("default")

    def default_of(self, parameter: str) -> Any:
        """The form's default of a parameter; `None` when it has none or is not in the form (Any: a JSON value)."""
        return self.parameter_schema.get("properties", {}).get(parameter, {}).get("default")

    def accepts(self, media_type: str) -> bool:
        """Whether the model takes input of this MIME type."""
        return media_matches(media_type, self.input_types)

    def serves(self, class_names: Sequence[str]) -> bool:
        """Whether the card is for a class with one of these names (its own and those of its bases)."""
        return self.classes is None or any(name in self.classes for name in class_names)

    def _form_rules(self) -> FormRules:
        return FormRules(overrides=self.given_overrides)


class ModelCard(BaseCard):
    """A chat model. `context_size` and `output_size` are in tokens; no `output_size` means that no limit is known."""

    kind: ClassVar[CardKind] = "chat"

    type: Literal["chat_model"] = "chat_model"
    output_types: list[str] = Field(default_factory=lambda: ["text/plain"])
    context_size: int = Field(gt=0)
    output_size: int | None = Field(gt=0)
    thinking: ThinkingFacts | None = None
    tools: bool = True
    tool_choice: ToolChoiceFacts = ToolChoiceFacts()
    structured_output: StructuredOutputFacts = StructuredOutputFacts()
    sampling: SamplingFacts = SamplingFacts()
    cache: CacheFacts | None = None
    """Whether a call may say for how long its prompt is kept, and up to which blocks; `None` when it may not."""
    prefill: bool = True
    """Whether the conversation may end with an assistant message that the model continues."""
    stream_only: bool = False
    """Whether the provider answers this model only as a stream."""

    @property
    def thinks(self) -> bool:
        """Whether the model reasons before it answers, shown or not."""
        return self.thinking is not None or media_matches(THINKING_TYPE, self.output_types)

    @classmethod
    def permissive(
        cls, name: str, base_schema: Mapping[str, Any] | None = None, *, context_size: int = 128_000
    ) -> ModelCard:
        """The card of a model without one: accepts and returns any media, forbids nothing (`known` is false)."""
        card = cls(
            name=name,
            label=name,
            input_types=list(ANYTHING),
            output_types=list(ANYTHING),
            context_size=context_size,
            output_size=None,
            known=False,
        )
        return card.with_form(base_schema or {})

    def _form_rules(self) -> FormRules:
        return FormRules(
            overrides=self.given_overrides,
            output_types=self.output_types,
            limits={"max_tokens": self.output_size},
        )


C = TypeVar("C", bound=BaseCard)


@dataclass(frozen=True)
class CardQuery(Generic[C]):
    """Which cards of a folder, and for which form.

    Attributes:
        card: the kind of card wanted, such as `ModelCard`.
        parameters: the `Parameters` class whose schema is the form's base.
        class_names: the model class's name followed by those of its bases, so that a subclass inherits cards; empty
            for every card of the kind.
        realtime: only speech models that are, or are not, realtime; `None` for both.
    """

    card: type[C]
    parameters: type[BaseModel]
    class_names: tuple[str, ...] = ()
    realtime: bool | None = None

    def wants(self, card: C) -> bool:
        """Whether a card of the right kind is among those asked for."""
        if self.class_names and not card.serves(self.class_names):
            return False
        return self.realtime is None or getattr(card, "realtime", None) == self.realtime
