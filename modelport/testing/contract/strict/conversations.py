"""Conversations made by a seed: each holds several kinds of what servers refuse when it is sent as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....domain.message.blocks import ContentBlock, DataBlock, TextBlock, ToolCallBlock
from ....domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from ..chat.conversations import History
from .blocks import Draw

__all__ = ["CONVERSATIONS", "SCHEMAS", "conversation", "tools"]

CONVERSATIONS = 132
"""How many conversations a contract makes."""

_SPEAKERS = ("user", "user", "user", "Zoë K.", "张 伟", "The <Pilot> of Brest", "", "system", "n" * 80)
_Part = Callable[[Draw], list[Msg]]


def _user(draw: Draw) -> list[Msg]:
    """Something said, perhaps with media and blank texts around it."""
    blocks: list[TextBlock | DataBlock] = [draw.spoken(), *draw.some(2, draw.text)]
    blocks += draw.some(2, draw.media) if draw.chance(0.4) else []
    draw.random.shuffle(blocks)
    return [UserMsg(draw.of(_SPEAKERS), blocks)]


def _bot(draw: Draw, *blocks: ContentBlock) -> Msg:
    return AssistantMsg(draw.of(("pilot", "pilot", *_SPEAKERS)), list(blocks))


def _answer(draw: Draw) -> list[Msg]:
    """An answer without calls."""
    return [_bot(draw, *draw.some(4, draw.aside))]


def _loop(draw: Draw) -> list[Msg]:
    """Calls, one or several at once, each with its result, round after round."""
    blocks: list[ContentBlock] = []
    for _ in range(draw.random.randint(1, 3)):
        calls = _different(draw.some(3, draw.call, least=1))
        blocks += [*draw.some(2, draw.aside), *calls]
        results = [draw.result(call) for call in calls]
        blocks += results if draw.chance(0.6) else results[::-1]
    return [_bot(draw, *blocks, *draw.some(2, draw.aside))]


def _different(calls: list[ToolCallBlock]) -> list[ToolCallBlock]:
    return list({call.id: call for call in calls}.values())


def _unanswered(draw: Draw) -> list[Msg]:
    """Calls of which some or all have no result, at the end or followed by more."""
    calls = draw.some(3, draw.call, least=1)
    answered = [draw.result(call, paired=False) for call in calls if draw.chance(0.4)]
    return [_bot(draw, *draw.some(1, draw.aside), *calls, *answered)]


def _orphans(draw: Draw) -> list[Msg]:
    """Results without calls, before their calls, twice, or after somebody else has spoken."""
    call = draw.call()
    result = draw.result(call, paired=False)
    kind = draw.of(("early", "late", "twice", "alone"))
    if kind == "late":
        return [_bot(draw, call), *_user(draw), _bot(draw, result)]
    again = draw.result(call, paired=False)
    orders: dict[str, list[ContentBlock]] = {"early": [result, call], "twice": [call, result, again], "alone": [result]}
    return [_bot(draw, *orders[kind])]


def _apart(draw: Draw) -> list[Msg]:
    """Calls in one message, their results in the next, with hints between them."""
    calls = _different(draw.some(3, draw.call, least=1))
    name = draw.of(("pilot", ""))
    results = [draw.result(call, paired=False) for call in calls]
    return [AssistantMsg(name, [*calls, *draw.some(1, draw.hint)]), AssistantMsg(name, list(results))]


def _same_id(draw: Draw) -> list[Msg]:
    """One id for two calls, in one turn or in two."""
    first = draw.call()
    second = first.model_copy(update={"input": draw.call().input})
    results = [draw.result(first, paired=False), draw.result(second, paired=False)]
    if draw.chance(0.5):
        return [_bot(draw, first, second, *results)]
    return [_bot(draw, first, results[0]), *_user(draw), _bot(draw, second, results[1])]


def _foreign(draw: Draw) -> list[Msg]:
    """Thoughts of several providers around calls."""
    call = draw.call()
    thoughts: list[ContentBlock] = [*draw.some(3, draw.thought, least=1)]
    return [_bot(draw, *thoughts, call, draw.result(call), draw.thought(), draw.text())]


def _thoughts(draw: Draw) -> list[Msg]:
    """Turns that hold nothing but thinking, nothing but hints, or nothing."""
    makers: list[Callable[[], ContentBlock]] = [draw.thought, draw.hint]
    return [_bot(draw, *draw.some(2, draw.of(makers)))]


def _system(draw: Draw) -> list[Msg]:
    """A system message, wherever it comes."""
    return [SystemMsg("system", draw.some(2, draw.text))]


def _pictures(draw: Draw) -> list[Msg]:
    """Media of everybody."""
    call = draw.call()
    made = draw.result(call, paired=False).model_copy(update={"output": [draw.media(), draw.media()]})
    return [UserMsg("user", draw.some(3, draw.media, least=1)), _bot(draw, draw.media(), call, made, draw.media())]


_PARTS: Mapping[str, _Part] = {
    "calls and results": _loop,
    "answers": _answer,
    "unanswered calls": _unanswered,
    "results in the wrong place": _orphans,
    "results in another message": _apart,
    "one id twice": _same_id,
    "thoughts of others": _foreign,
    "nothing but thoughts": _thoughts,
    "system messages": _system,
    "media": _pictures,
    "several agents": lambda draw: [*_user(draw), *_answer(draw), *_answer(draw)],
}


def conversation(seed: int) -> History:
    """The conversation of that number; its texts are those that must reach the model, each exactly once."""
    draw = Draw(seed)
    names = list(_PARTS)
    name = names[seed % len(names)]
    messages: list[Msg] = _system(draw) if draw.chance(0.5) else []
    messages += _user(draw) if draw.chance(0.8) else []
    parts = [_PARTS[name], *draw.some(3, lambda: draw.of([*_PARTS.values(), _user, _user]))]
    draw.random.shuffle(parts)
    for part in parts:
        messages += part(draw)
    ends = draw.of(("user", "user", "user", "calls"))
    messages += _user(draw) if ends == "user" else [*_user(draw), *_loop(draw)]
    return History(
        f"{seed}: {name}", lambda: [message.model_copy(deep=True) for message in messages], tuple(draw.texts)
    )


_TEXT = {"type": "string"}
_PLACE = {"type": "object", "properties": {"place": _TEXT}, "required": ["place"]}
SCHEMAS: tuple[Any, ...] = (  # Any: what should be a JSON Schema
    _PLACE,
    {},
    None,
    {"type": "object", "properties": None, "required": None},
    {"type": ["object", "null"], "properties": {"place": _TEXT}},
    {"anyOf": [_PLACE, {"type": "object", "properties": {"at": _TEXT}}]},
    {"oneOf": [{"$ref": "#/$defs/A"}, {"type": "null"}], "$defs": {"A": _PLACE}},
    {"allOf": [_PLACE, {"properties": {"at": {"type": "number", "minimum": 0, "exclusiveMinimum": True}}}]},
    {"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}},
    {"type": "array", "items": _TEXT},
    {"type": "null"},
    {"type": "object", "properties": {"filter[name]": _TEXT, "größe": {"type": "any"}, "all": True, "none": None}},
    {"type": "object", "properties": {"list": {"type": "array"}, "pair": {"type": "array", "items": [_TEXT, _TEXT]}}},
    {"type": "object", "properties": {"a": {"type": "string", "pattern": r"^\p{L}+$", "enum": []}}, "$schema": 7},
    {
        "type": "object",
        "properties": {"a": {"type": "string", "anyOf": [{"minLength": 1}]}},
        "not": {"required": ["b"]},
    },
    {"id": "x", "type": "object", "properties": {"a": {"$ref": "other.json#/a"}}, "required": True},
    {"enum": [{"place": "x"}]},
    {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}},
)
"""Parameters of tools, as applications and tool servers write them."""


def tools(seed: int) -> list[Any]:  # Any: tools in OpenAI's form
    """Two tools whose parameters differ from seed to seed."""
    schemas = (SCHEMAS[seed % len(SCHEMAS)], SCHEMAS[(seed * 7 + 3) % len(SCHEMAS)])
    return [
        {"type": "function", "function": {"name": name, "description": f"Asks the {name}.", "parameters": schema}}
        for name, schema in zip(("gauge", "wind"), schemas, strict=True)
    ]
