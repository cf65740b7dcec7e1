"""A conversation of any provider goes on at any other, in a request that the other accepts."""

from __future__ import annotations

import json

import pytest

from modelport.message import Msg, UserMsg
from tests.contract.origins import ORIGINS, Origin
from tests.contract.sdk_types import sdk_refusals
from tests.contract.wandering import PHOTO, RESULTS, SKETCH, conversation, go_on, in_a_loop, stored, violations

_made: dict[str, list[Msg]] = {}
_AGAIN = UserMsg("user", "And tomorrow?")


@pytest.fixture(params=ORIGINS, ids=lambda origin: f"from-{origin}")
def origin(request: pytest.FixtureRequest) -> Origin:
    chosen: Origin = request.param
    return chosen


@pytest.fixture(params=ORIGINS, ids=lambda target: f"to-{target}")
def target(request: pytest.FixtureRequest) -> Origin:
    chosen: Origin = request.param
    return chosen


@pytest.fixture(params=["asked again", "in a tool loop"])
async def history(request: pytest.FixtureRequest, origin: Origin) -> list[Msg]:
    """What the origin said, up to a new question, or to the results of its last call."""
    if origin.name not in _made:
        _made[origin.name] = await conversation(origin)
    said = stored(_made[origin.name])
    return [*said, _AGAIN] if request.param == "asked again" else in_a_loop(said)


@pytest.mark.parametrize("grouped", [False, True], ids=["chat", "multi-agent"])
async def test_every_pair(origin: Origin, target: Origin, history: list[Msg], grouped: bool) -> None:
    body, response = await go_on(target, history, formatter=target.multi_agent() if grouped else None)
    text = json.dumps(body, ensure_ascii=False)
    assert violations(target, body) == []
    assert sdk_refusals(target.name, body) == []
    assert [said for pair in RESULTS.items() for said in pair if text.count(said) != 1] == [], "a call and its result"
    if origin is not target:
        assert [secret for secret in origin.private if secret in text] == []
    if target.sees_images:
        assert text.count(SKETCH) == 1 and text.count(PHOTO) >= 1
    else:
        assert SKETCH not in text and PHOTO not in text
        assert any(warning.setting == "data" for warning in response.warnings)


async def test_thoughts_go_back_to_their_owner(origin: Origin) -> None:
    said = await conversation(origin)
    for history, steps in ((in_a_loop(said), 2), ([*said, _AGAIN], 3)):
        body, response = await go_on(origin, history)
        text = json.dumps(body, ensure_ascii=False)
        assert [kept for kept in origin.kept[:steps] if text.count(kept) != 1] == []
        assert [warning for warning in response.warnings if warning.setting != "data"] == []


async def test_thoughts_of_a_tool_loop_go_back_from_among_agents(origin: Origin) -> None:
    """What is grouped into a history has no thoughts, but calls that wait for their results keep theirs."""
    said = await conversation(origin, formatter=origin.multi_agent())
    body, _ = await go_on(origin, in_a_loop(said), formatter=origin.multi_agent())
    text = json.dumps(body, ensure_ascii=False)
    assert [kept for kept in origin.kept[:2] if text.count(kept) != 1] == []


@pytest.mark.parametrize("grouped", [False, True], ids=["chat", "multi-agent"])
async def test_a_conversation_that_all_of_them_took_part_in(target: Origin, grouped: bool) -> None:
    said = [message for origin in ORIGINS for message in await conversation(origin)]
    body, _ = await go_on(target, [*said, _AGAIN], formatter=target.multi_agent() if grouped else None)
    text = json.dumps(body, ensure_ascii=False)
    assert violations(target, body) == []
    assert sdk_refusals(target.name, body) == []
    assert [said for pair in RESULTS.items() for said in pair if text.count(said) != len(ORIGINS)] == []
    others = [secret for origin in ORIGINS if origin is not target for secret in origin.private]
    assert [secret for secret in others if secret in text] == []
