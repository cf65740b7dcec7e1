"""A card's end: when, since when it is known, and what follows it."""

from __future__ import annotations

from datetime import date

import pytest

from modelport.domain.card.cards import ModelCard
from modelport.domain.card.checks import card_warnings
from modelport.domain.card.speech_card import TTSModelCard


@pytest.mark.parametrize("key", ["sunset_on", "retires_on"])
def test_both_names_of_the_end_are_read(key: str) -> None:
    facts = {"name": "m", "label": "M", "status": "deprecated", key: "2027-01-06", "deprecated_on": "2026-10-01"}
    card = TTSModelCard.from_facts({**facts, "successor": "n"}, {})
    assert card.retires_on == card.sunset_on == date(2027, 1, 6)
    assert card.deprecated_on == date(2026, 10, 1)
    (warning,) = card_warnings(card)
    assert warning.kind == "deprecated"
    assert warning.message == "m is deprecated and will be retired on 2027-01-06; its provider names n as the successor"


def test_a_card_without_an_end_says_nothing() -> None:
    card = ModelCard.from_facts({"name": "m", "label": "M", "context_size": 1, "output_size": None}, {})
    assert card.retires_on is None and card_warnings(card) == []
