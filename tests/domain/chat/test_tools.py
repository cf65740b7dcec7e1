"""Tool choices: what is malformed, and the nearest legal request for what a model refuses."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.card.capabilities import ToolChoiceFacts
from modelport.domain.chat.tools import ToolChoice, plan_choice, tool_name, validate_tools
from modelport.error import InvalidRequestError, UnsupportedFeatureError


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


A, B, C = tool("a"), tool("b"), tool("c")
ALL = ToolChoiceFacts()
NO_REQUIRED = ToolChoiceFacts(required=False)
NO_NAMED = ToolChoiceFacts(named=False)
NOTHING = ToolChoiceFacts(required=False, named=False)
NOT_THINKING = ToolChoiceFacts(with_thinking=False)

TABLE: list[tuple[str, ToolChoice | None, ToolChoiceFacts | None, bool, str | None, str, bool]] = [
    ("nothing said", None, ALL, False, None, "abc", False),
    ("auto", ToolChoice("auto"), NOTHING, True, "auto", "abc", False),
    ("none", ToolChoice("none"), NOTHING, True, "none", "abc", False),
    ("required", ToolChoice("required"), ALL, False, "required", "abc", False),
    ("named", ToolChoice("b"), ALL, False, "b", "abc", False),
    ("nothing known", ToolChoice("b"), None, True, "b", "abc", False),
    ("an allow-list", ToolChoice("auto", ["a", "c"]), ALL, False, "auto", "ac", False),
    (
        "an allow-list keeps the order of the tools",
        ToolChoice("required", ["c", "a"]),
        ALL,
        False,
        "required",
        "ac",
        False,
    ),
    ("an empty allow-list allows all", ToolChoice("auto", []), ALL, False, "auto", "abc", False),
    ("named within a list", ToolChoice("c", ["b", "c"]), ALL, False, "c", "bc", False),
    ("named where only required goes", ToolChoice("b"), NO_NAMED, False, "required", "b", False),
    ("required where only named goes, one tool", ToolChoice("required", ["b"]), NO_REQUIRED, False, "b", "b", False),
    ("forced while it does not", ToolChoice("b"), NOT_THINKING, False, "b", "abc", False),
]


@pytest.mark.parametrize(
    ("choice", "facts", "thinking", "mode", "left", "warned"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_nearest_legal_request(
    choice: ToolChoice | None, facts: ToolChoiceFacts | None, thinking: bool, mode: str | None, left: str, warned: bool
) -> None:
    plan = plan_choice([A, B, C], choice, facts, thinking=thinking)
    assert plan.mode == mode
    assert "".join(map(tool_name, plan.tools)) == left
    assert bool(plan.warnings) is warned
    assert all((warning.kind, warning.setting) == ("changed", "tool_choice") for warning in plan.warnings)


@pytest.mark.parametrize(
    ("choice", "facts", "thinking", "words"),
    [
        (ToolChoice("required"), NO_REQUIRED, False, "only one tool; name it"),
        (ToolChoice("b"), NOTHING, False, "cannot be forced to call a tool; pass"),
        (ToolChoice("required"), NOTHING, False, "cannot be forced to call a tool; pass"),
        (ToolChoice("required"), NOTHING, True, "cannot be forced to call a tool; pass"),
        (ToolChoice("required"), NOT_THINKING, True, "while it thinks"),
        (ToolChoice("b"), NOT_THINKING, True, "while it thinks"),
    ],
)
def test_what_no_legal_request_forces(choice: ToolChoice, facts: ToolChoiceFacts, thinking: bool, words: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=words):
        plan_choice([A, B, C], choice, facts, thinking=thinking)


def test_without_tools_there_is_nothing_to_choose() -> None:
    plan = plan_choice([], ToolChoice("none"), ALL)
    assert (plan.mode, plan.tools, plan.warnings) == (None, [], [])


@pytest.mark.parametrize(
    ("tools", "choice", "word"),
    [
        ([A, A], None, "twice"),
        ([{"name": "a"}], None, "not a function tool"),
        ([{"type": "function", "function": {"name": ""}}], None, "not a function tool"),
        (["a"], None, "not a function tool"),
        ([], ToolChoice("required"), "needs tools"),
        (None, ToolChoice("a"), "needs tools"),
        ([A, B], ToolChoice("c"), "use auto, none, required or one of"),
        ([A, B], ToolChoice("auto", ["c"]), "not among the tools"),
        ([A, B], ToolChoice("b", ["a"]), "use auto, none, required or one of"),
        ([A], "auto", r"tool_choice is a str; pass ToolChoice\("),
        ([A], {"mode": "auto"}, "tool_choice is a dict"),
        ([A], ToolChoice(None), "mode"),  # type: ignore[arg-type]  # the mistake
        ([A], ToolChoice("auto", "a"), "a list of names"),
        ([{"type": "function", "function": {"name": "a", "parameters": "{}"}}], None, "'a'.* JSON Schema"),
        ("a", None, "tools is a str"),
        (A, None, "tools is a dict"),
    ],
)
def test_what_cannot_be_meant_is_refused(tools: Any, choice: Any, word: str) -> None:
    with pytest.raises(InvalidRequestError, match=word):
        validate_tools(tools, choice)


@pytest.mark.parametrize("choice", [None, ToolChoice("auto"), ToolChoice("none"), ToolChoice("auto", [])])
def test_no_tools_and_no_force_is_fine(choice: ToolChoice | None) -> None:
    validate_tools(None, choice)
    validate_tools([], choice)
