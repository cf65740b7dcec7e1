"""Structured output of every class, from cassettes: request, strategy and result."""

from __future__ import annotations

import json
from datetime import date

import pytest

from modelport.model import StructuredResponse
from tests.application.structured.structured_models import (
    ANSWER,
    PROVIDERS,
    SCHEMA,
    Country,
    Provider,
    Ship,
    Trip,
    question,
)
from tests.cassettes import cassette_body, played

EVERY = pytest.mark.parametrize("provider", PROVIDERS, ids=str)


def is_the_trip(response: StructuredResponse) -> None:
    trip = response.value
    assert isinstance(trip, Trip)
    assert trip.start == date(2027, 1, 14) and trip.carrier == Ship(kind="ship", name="Nordlys")
    assert [(stop.city, stop.country, stop.nights) for stop in trip.stops] == [
        ("Oslo", Country.NORWAY, 2),
        ("Kiruna", Country.SWEDEN, 1),
    ]
    assert (trip.note, trip.currency) == (None, "EUR")
    assert response.content == {
        **ANSWER,
        "stops": [ANSWER["stops"][0], {**ANSWER["stops"][1], "nights": 1}],
        "note": None,
        "currency": "EUR",
    }


@EVERY
async def test_a_pydantic_class(provider: Provider) -> None:
    with played(provider.folder, "structured_class", provider.target):
        response = await provider.build().generate_structured_output(question(), Trip)
    is_the_trip(response)
    assert response.strategy == provider.first
    assert response.usage is not None and response.usage.input_tokens > 0 and response.usage.output_tokens > 0
    assert len(response.attempts) == 1


@EVERY
async def test_a_json_schema(provider: Provider) -> None:
    with played(provider.folder, "structured_schema", provider.target):
        response = await provider.build().generate_structured_output(question(), SCHEMA)
    assert response.strategy == provider.first
    assert response.content == response.value
    assert response.content["role"] == "author", "the default is filled in"
    assert response.content["children"] == [{"name": "Byron", "age": 3}], "a number in quotes is read"
    assert response.content.get("contact") is None


@EVERY
async def test_a_refused_strategy_is_followed_by_the_next(provider: Provider) -> None:
    with played(provider.folder, "structured_refused", provider.target):
        response = await provider.build().generate_structured_output(question(), Trip)
    is_the_trip(response)
    assert response.strategy == provider.second
    assert [attempt.status_code for attempt in response.attempts] == [400, 200]
    assert any(f"{provider.first} was refused" in warning.message for warning in response.warnings)


def test_what_cannot_be_expressed_is_not_sent() -> None:
    """A sample of what the validators check as a whole."""
    anthropic = cassette_body("anthropic", "structured_class")["output_config"]["format"]["schema"]
    assert "maxItems" not in json.dumps(anthropic["properties"]["stops"]["items"])
    assert "(maxLength 40, minLength 1)" in json.dumps(anthropic)
    gemini = cassette_body("gemini", "structured_class")["generationConfig"]
    assert "$ref" not in json.dumps(gemini) and gemini["responseMimeType"] == "application/json"
    openai = cassette_body("openai", "structured_class")["response_format"]["json_schema"]
    assert openai["strict"] is True and openai["schema"]["required"] == list(openai["schema"]["properties"])
    moonshot = cassette_body("moonshot", "structured_schema")["response_format"]["json_schema"]["schema"]
    assert "$schema" not in moonshot
