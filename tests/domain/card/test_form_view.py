"""Forms: what a person fills in is valid for the class, and nothing in them is drawn as a nameless choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import modelport.credential
import modelport.embedding
import modelport.model
import modelport.realtime
import modelport.stt
import modelport.tts
from modelport import Modelport
from modelport.credential import OllamaCredential, OpenAICredential
from modelport.model import OpenAIChatModel


def classes() -> Iterator[Any]:  # Any: model classes of all kinds
    for face in (modelport.model, modelport.embedding, modelport.tts, modelport.stt, modelport.realtime):
        for name in face.__all__:
            value = getattr(face, name)
            if isinstance(value, type) and hasattr(value, "list_models") and not name.endswith("Base"):
                yield value


def kept(form: dict[str, Any]) -> dict[str, Any]:
    """What a person who changes nothing sends: the defaults that are shown."""
    return {name: field["default"] for name, field in form["properties"].items() if "default" in field}


@pytest.mark.parametrize("cls", list(classes()), ids=lambda cls: str(cls.__name__))
def test_every_card_has_a_form(cls: Any) -> None:
    for card in cls.list_models():
        form = card.form_schema()
        Draft202012Validator.check_schema(form)
        for name, field in form["properties"].items():
            assert "anyOf" not in field and "$ref" not in field and field.get("type") != "null", (card.name, name)
            assert "type" in field or "oneOf" in field or "enum" in field or "const" in field, (card.name, name, field)
            assert field.get("default", 0) is not None and field["title"] and field["description"]
            assert not any(key.startswith("x-") for key in field)
            for kind in (field, *field.get("oneOf", ())):
                inner = kind.get("properties", {}).values()
                assert all(each["title"] and each["description"] and "anyOf" not in each for each in inner)
        assert not {"type", "id"} & form["properties"].keys() and "notes" not in form
        Draft202012Validator(form).validate(kept(form))
        Draft202012Validator(card.parameter_schema).validate(kept(form))
        cls.Parameters(**kept(form))


def test_a_field_that_may_be_left_out() -> None:
    form = next(card for card in OpenAIChatModel.list_models() if card.name == "gpt-4.1").form_schema()
    assert form["properties"]["temperature"] == {
        "title": "Temperature",
        "description": "Randomness of the choice of words; lower is more predictable.",
        "type": "number",
        "minimum": 0,
        "maximum": 2,
    }
    assert "required" not in form


def test_forms_of_credentials() -> None:
    form = OpenAICredential.form_schema()
    assert next(iter(form["properties"])) == "name" and not {"type", "id"} & form["properties"].keys()
    assert form["properties"]["api_key"]["writeOnly"] is True and form["properties"]["organization"]["type"] == "string"
    assert OllamaCredential.form_schema()["properties"]["api_key"]["type"] == "string"
    names = [name for name in modelport.credential.__all__ if name.endswith("Credential")]
    for name in names:
        form = getattr(modelport.credential, name).form_schema()
        assert all("anyOf" not in field for field in form["properties"].values())


def test_the_catalogue_of_a_hub() -> None:
    hub = Modelport.from_mapping({"credentials": {"work": {"provider": "openai", "api_key": "k-PlantedWord7"}}}, {})
    entries = hub.catalogue()
    assert {entry.kind for entry in entries} >= {"chat", "embedding", "tts"}
    assert {entry.configured for entry in entries if entry.provider == "openai"} == {True}
    assert {entry.configured for entry in entries if entry.provider == "anthropic"} == {False}
    assert "gpt-4.1" in {entry.name for entry in hub.catalogue("chat") if entry.provider == "openai"}
    keyless = {"embedded", "ollama", "llamacpp", "lmstudio", "sglang", "vllm"}
    assert {entry.provider for entry in Modelport.from_mapping({}, {}).catalogue() if entry.configured} == keyless & {
        entry.provider for entry in entries
    }
    keyed = Modelport.from_mapping({}, {"ANTHROPIC_API_KEY": "k-PlantedWord7"})
    assert {entry.configured for entry in keyed.catalogue("chat") if entry.provider == "anthropic"} == {True}
