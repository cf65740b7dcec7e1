"""The guide to adding a provider: its example is played as it is printed, and its table is complete."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from modelport.adapters.dialects.openai_chat.profile_data import MediaData, ProfileData
from modelport.domain.card.cards import ModelCard
from modelport.model import OpenAIChatModel
from modelport.testing.servers.strict import violations_of
from tests.adapters.openai_chat.support import decoded

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "add-a-provider.md").read_text(encoding="utf-8")
SETTINGS, _, CARD, CASSETTE = (yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))


def test_the_profile_in_the_settings_is_legal() -> None:
    profile = ProfileData.model_validate(SETTINGS["providers"]["harbour"]["profile"]).profile("harbour")
    assert profile.fields["max_tokens"] == "max_tokens"
    assert not profile.media.documents


def test_the_same_profile_stands_in_the_python_example() -> None:
    (block,) = re.findall(r"    profile=(\{.*?\n    \}),\n", GUIDE, re.DOTALL)
    profile: Any = yaml.safe_load(block)  # JSON but for trailing commas and Python's words, which YAML reads too
    assert profile == SETTINGS["providers"]["harbour"]["profile"]


def test_the_card_is_legal() -> None:
    facts = {key: value for key, value in CARD.items() if key != "type"}  # read by the file's reader
    card = ModelCard.from_facts(facts, OpenAIChatModel.Parameters.model_json_schema())
    assert "reasoning_effort" not in card.visible_parameters()
    assert "thinking_enable" in card.visible_parameters()


def test_the_cassette_is_an_answer() -> None:
    profile = ProfileData.model_validate(SETTINGS["providers"]["harbour"]["profile"]).profile("harbour")
    (interaction,) = CASSETTE["interactions"]
    answer = decoded(profile, interaction["response"]["body"]["string"].encode())
    assert answer.text == "Ahoy!"
    assert answer.usage is not None
    assert answer.usage.output_tokens == 2
    assert violations_of("openai_chat", json.loads(interaction["request"]["body"])) == []


def test_every_key_of_a_profile_is_explained() -> None:
    table = set(
        re.findall(r"^\| `([\w.]+)`(?:, `([\w.]+)`)?", GUIDE.partition("### Keys of a profile")[2], re.MULTILINE)
    )
    named = {name.rpartition(".")[2] for pair in table for name in pair if name}
    assert named == (set(ProfileData.model_fields) - {"media"}) | set(MediaData.model_fields)
