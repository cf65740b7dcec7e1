"""Responses are values: a step of a stream can be copied, stored and sent to another process like the last one."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from modelport.message import TextBlock
from modelport.model import ChatResponse

STEP = ChatResponse([TextBlock(id="t", text="hi")], is_last=False, id="r", created_at="now")


def test_a_step_can_be_copied_and_stored() -> None:
    assert dataclasses.asdict(STEP)["metadata"] == {}
    for again in (copy.deepcopy(STEP), pickle.loads(pickle.dumps(STEP))):
        assert again.text == "hi" and again.metadata == {} and type(again.metadata) is dict
    assert json.dumps(STEP.metadata) == "{}"
    assert STEP.metadata == {}


def test_what_steps_share_cannot_be_changed() -> None:
    shared: dict[str, int] = STEP.metadata  # type: ignore[assignment]  # what a caller does who heeds no types
    with pytest.raises(TypeError, match="step"):
        shared["mine"] = 1
    with pytest.raises(TypeError, match="step"):
        shared.update(mine=1)
    with pytest.raises(TypeError, match="step"):
        shared |= {"mine": 1}
    with pytest.raises(TypeError, match="step"):
        shared.setdefault("mine", 1)
    assert ChatResponse([]).metadata == {}
