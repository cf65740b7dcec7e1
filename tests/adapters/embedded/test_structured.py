"""Structured output of the real embedded model: it is held to the schema, so every object is valid.

Twenty prompts take a minute; without `MODELPORT_TEST_SLOW` in the environment there are four.
"""

from __future__ import annotations

import importlib.util
import os
from enum import Enum
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from modelport.adapters.embedded.chat import EmbeddedChatModel
from modelport.adapters.embedded.credential import EmbeddedCredential
from modelport.adapters.embedded.store import SMOLLM2, ModelStore
from modelport.domain.errors import SettingsError
from modelport.message import UserMsg

WORDS = [
    *("oak", "whale", "London", "bicycle", "Einstein", "teapot", "rose", "volcano", "violin", "penguin"),
    *("Paris", "laptop", "cactus", "Cleopatra", "bridge", "spider", "Tokyo", "hammer", "fern", "Mozart"),
]


class Kind(Enum):
    ANIMAL = "animal"
    PLANT = "plant"
    THING = "thing"
    PLACE = "place"
    PERSON = "person"


class Size(BaseModel):
    metres: int = Field(ge=0, le=999)


class Entry(BaseModel):
    title: str = Field(max_length=20)
    kind: Kind
    size: Size
    tags: list[Literal["old", "new", "big", "red"]] = Field(default=[], max_length=2)


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
async def test_as_many_objects_as_prompts() -> None:
    try:
        ModelStore().ensure(SMOLLM2)
    except SettingsError as error:
        pytest.skip(f"the embedded model cannot be fetched: {error}")
    model = EmbeddedChatModel(EmbeddedCredential(), stream=False)
    requests = 0
    words = WORDS if os.environ.get("MODELPORT_TEST_SLOW") else WORDS[:4]
    for word in words:
        response = await model.generate_structured_output([UserMsg("user", f"Describe this: {word}.")], Entry)
        assert isinstance(response.value, Entry)
        assert response.strategy == "native_schema"
        requests += len(response.attempts)
    assert requests <= len(words) + 2, "the grammar holds the model to the schema, so hardly any is asked again"
