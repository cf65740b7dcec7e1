"""The form of one model: what the merge keeps, removes, hides and narrows."""

from __future__ import annotations

import copy
from typing import Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from modelport.domain.card.cards import ModelCard
from modelport.domain.card.embedding_card import EmbeddingModelCard
from modelport.domain.card.form import HINT, FormRules, merge_schema
from modelport.domain.card.speech_card import TTSModelCard
from modelport.domain.message.media import media_matches


class Location(BaseModel):
    country: str
    city: str | None = None


class Search(BaseModel):
    where: Location | None = None
    depth: Literal["low", "high"] = "low"


class Parameters(BaseModel):
    user: str
    max_tokens: int | None = Field(default=None, gt=0)
    temperature: float | None = Field(default=None, ge=0, le=2)
    thinking_enable: bool = False
    thinking_budget: int | None = Field(default=None, gt=0)
    reasoning_effort: Literal["low", "high"] | None = None
    voice: str | None = None
    search: Search | None = None


BASE = Parameters.model_json_schema()
TEXT, THINKING, WAV = "text/plain", "application/x-thinking", "audio/wav"


def form(output_types: list[str], **overrides: dict[str, Any] | None) -> dict[str, Any]:
    rules = FormRules(overrides=overrides, output_types=output_types, limits={"max_tokens": 4096})
    return merge_schema(BASE, rules).schema


def test_the_base_is_not_changed() -> None:
    before = copy.deepcopy(BASE)
    form([TEXT], max_tokens={"maximum": 10}, search=None)
    assert before == BASE


def test_properties_keep_the_order_of_the_class() -> None:
    assert list(form([TEXT, THINKING, WAV])["properties"]) == list(BASE["properties"])


@pytest.mark.parametrize(
    ("output_types", "missing"),
    [
        ([TEXT], {"thinking_enable", "thinking_budget", "voice"}),
        ([TEXT, THINKING], {"voice"}),
        ([TEXT, WAV], {"thinking_enable", "thinking_budget"}),
        ([TEXT, THINKING, WAV], set()),
        (["*/*"], set()),
    ],
)
def test_thinking_and_voice_follow_the_output_types(output_types: list[str], missing: set[str]) -> None:
    assert set(BASE["properties"]) - set(form(output_types)["properties"]) == missing


def test_an_effort_stays_on_a_model_that_does_not_show_its_thinking() -> None:
    assert "reasoning_effort" in form([TEXT])["properties"]


def test_the_output_size_limits_max_tokens_and_an_override_beats_it() -> None:
    assert form([TEXT])["properties"]["max_tokens"]["maximum"] == 4096
    assert form([TEXT], max_tokens={"maximum": 99})["properties"]["max_tokens"]["maximum"] == 99


def test_a_dict_is_merged_shallowly() -> None:
    merged = form([TEXT], temperature={"default": 0.5, "title": "Heat", "hidden": False})["properties"]["temperature"]
    assert merged == {**BASE["properties"]["temperature"], "default": 0.5, "title": "Heat"}


def test_null_removes_and_hidden_hides() -> None:
    rules = FormRules(overrides={"temperature": None, "search": {"hidden": True}}, output_types=[TEXT, THINKING, WAV])
    merged = merge_schema(BASE, rules)
    assert set(merged.removed) == {"temperature"}
    assert set(merged.hidden) == {"search"}
    assert not {"temperature", "search"} & set(merged.schema["properties"])


def test_overrides_of_what_is_not_there_are_ignored() -> None:
    assert "top_k" not in form([TEXT], top_k={"maximum": 3}, gone=None)["properties"]


def test_required_never_names_a_removed_property() -> None:
    assert form([TEXT])["required"] == ["user"]
    assert form([TEXT], user=None)["required"] == []


def test_nested_definitions_stay_usable_and_unused_ones_go() -> None:
    schema = form([TEXT])
    assert set(schema["$defs"]) == {"Search", "Location"}
    jsonschema.validate({"user": "u", "search": {"where": {"country": "FR"}}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"user": "u", "search": {"where": {"city": "Paris"}}}, schema)
    assert "$defs" not in form([TEXT], search=None)


def test_a_parameter_set_to_null_keeps_the_card() -> None:
    facts = {
        "name": "m",
        "label": "M",
        "context_size": 10,
        "output_size": 5,
        "parameter_overrides": {"max_tokens": None},
    }
    card = ModelCard.from_facts(facts, BASE)
    assert "max_tokens" not in card.visible_parameters()
    assert "max_tokens" in card.removed_parameters()
    assert card.parameters_overrides == {"max_tokens": None}


def test_voices_become_a_default_and_suggestions() -> None:
    facts = {"name": "m", "label": "M", "voices": ["Ann", "Bob"]}
    voice = TTSModelCard.from_facts(facts, BASE).parameter_schema["properties"]["voice"]
    assert (voice["default"], voice["enum"], voice[HINT]) == ("Ann", ["Ann", "Bob"], True)


@pytest.mark.parametrize(
    "facts",
    [
        {"dimensions": 8, "supported_dimensions": [8, 4]},
        {"parameter_overrides": {"dimensions": {"default": 8, "enum": [8, 4]}}},
    ],
)
def test_dimensions_come_from_the_fields_or_from_the_override(facts: dict[str, Any]) -> None:
    class Sizes(BaseModel):
        dimensions: int | None = Field(default=None, gt=0)

    card = EmbeddingModelCard.from_facts(
        {"name": "m", "label": "M", "context_size": 9, **facts}, Sizes.model_json_schema()
    )
    assert (card.dimensions, card.supported_dimensions) == (8, [8, 4])
    assert card.parameter_schema["properties"]["dimensions"]["enum"] == [8, 4]
    assert card.default_of("dimensions") == 8


def test_a_permissive_card_removes_nothing_and_takes_everything() -> None:
    card = ModelCard.permissive("unheard-of", BASE)
    assert card.visible_parameters() == list(BASE["properties"])
    assert (card.known, card.output_size) == (False, None)
    assert card.accepts("video/mp4")


def test_media_types_match_exactly_by_group_or_anything() -> None:
    assert media_matches("image/png", ["image/*"])
    assert media_matches("audio/pcm;rate=24000", ["audio/pcm"])
    assert media_matches("x/y", ["*/*"])
    assert not media_matches("image/png", ["image/jpeg"])
