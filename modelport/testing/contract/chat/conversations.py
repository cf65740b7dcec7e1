"""Conversations that servers would refuse as they are, and conversations with other providers, in neutral blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ....domain.message.blocks import (
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    ProviderData,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
)
from ....domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from ..core.mutated_transport import PIXEL

__all__ = ["DAMAGED", "FOREIGN", "History", "call", "result"]

FOREIGN = "replay-data-of-another-provider"
"""What stands in the data of other providers; it must never be sent."""


@dataclass(frozen=True)
class History:
    """A conversation, made anew each time; `texts` must reach the model, each exactly once."""

    name: str
    make: Callable[[], list[Msg]]
    texts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def call(call_id: str, name: str = "gauge", arguments: str = '{"place":"Brest"}') -> ToolCallBlock:
    """A tool call."""
    return ToolCallBlock(id=call_id, name=name, input=arguments)


def result(call_id: str, output: str | list[TextBlock | DataBlock] = "high", name: str = "gauge") -> ToolResultBlock:
    """What a tool returned."""
    return ToolResultBlock(id=call_id, name=name, output=output, state=ToolResultState.SUCCESS)


def _user(*texts: str, name: str = "user") -> Msg:
    return UserMsg(name, [TextBlock(text=text) for text in texts])


def _bot(*blocks: ContentBlock | str, name: str = "pilot") -> Msg:
    return AssistantMsg(name, [TextBlock(text=block) if isinstance(block, str) else block for block in blocks])


def _picture() -> DataBlock:
    return DataBlock(source=Base64Source(data=PIXEL, media_type="image/png"))


def _owned(provider: str) -> ProviderData:
    return ProviderData(provider=provider, data={"signature": FOREIGN, "items": [{"encrypted_content": FOREIGN}]})


def _elsewhere() -> list[Msg]:
    """A conversation with another provider's thoughts, ids, media and names."""
    signed = ToolCallBlock(id="toolu_01AbC", name="gauge", input='{"place":"Vigo"}', provider_data=_owned("elsewhere"))
    return [
        SystemMsg("system", "You watch the tide."),
        UserMsg("Zoë", [TextBlock(text="How high is it?"), _picture()]),
        AssistantMsg(
            "pilot",
            [
                ThinkingBlock(thinking="I look it up.", provider_data=_owned("elsewhere")),
                ThinkingBlock(thinking="", redacted=True, provider_data=_owned("unknown")),
                signed,
                call("call_9aZ|fc_7", "wind", '{"place":"Lorient"}'),
                result("toolu_01AbC", "2.31 metres at the gauge"),
                result("call_9aZ|fc_7", [TextBlock(text="5 knots of wind"), _picture()], "wind"),
                TextBlock(text="2.31 m.", provider_data=_owned("elsewhere")),
            ],
        ),
        UserMsg(
            "user",
            [
                TextBlock(text="And here?"),
                DataBlock(source=URLSource(url="https://example.org/a.png", media_type="image/png")),
            ],
        ),
    ]


def _many_ids(ids: Iterable[str]) -> list[Msg]:
    blocks = [block for each in ids for block in (call(each), result(each, f"result of {each}"))]
    return [_user("Look."), _bot(*blocks), _user("Well?")]


_ODD_IDS = ("functions.f:0", "调用 1", "i" * 90, "a/b#c")
_ODD_NAMES = ("查 天气", "get time!", "a.b:c", "x" * 90)
_NO_OBJECTS = ("", "{", "[1]", "7", "null", '{"a":1}{"b":2}', "place=Brest")
DAMAGED: tuple[History, ...] = (
    History(
        "nothing odd",
        lambda: [
            SystemMsg("system", "You watch the tide."),
            _user("Is it high at Brest?"),
            _bot("I look.", call("call_1"), result("call_1", "It is low."), "No, low."),
            _user("And at Vigo?", "Or Lorient?"),
        ],
        ("You watch the tide.", "Is it high at Brest?", "I look.", "It is low.", "No, low.", "at Vigo?", "Or Lorient?"),
    ),
    History("from elsewhere", _elsewhere, ("2.31 metres at the gauge", "5 knots of wind")),
    History("a call without its result", lambda: [_user("Go."), _bot("I look.", call("c1")), _user("Well?")]),
    History("a pending call at the end", lambda: [_user("Look."), _bot(call("c1"))]),
    History(
        "one of two results",
        lambda: [_user("Look."), _bot(call("c1"), call("c2"), result("c2", "only one")), _user("Well?")],
        ("only one",),
    ),
    History("a result without its call", lambda: [_user("Look."), _bot(result("c9"), "High."), _user("Thanks.")]),
    History("a result before its call", lambda: [_user("Look."), _bot(result("c1"), call("c1")), _user("Well?")]),
    History(
        "a result far from its call",
        lambda: [_user("Look."), _bot(call("c1")), _user("Well?"), _bot(result("c1")), _user("Oh.")],
    ),
    History(
        "one id in two turns",
        lambda: [
            _user("Look."),
            _bot(call("c"), result("c", "first reading")),
            _user("Again."),
            _bot(call("c"), result("c", "second reading")),
            _user("And now?"),
        ],
        ("first reading", "second reading"),
    ),
    History("ids of any alphabet", lambda: _many_ids(_ODD_IDS)),
    History(
        "tools with any name",
        lambda: [
            _user("Look."),
            *(_bot(call(f"c{n}", name), result(f"c{n}", f"reading {n}.", name)) for n, name in enumerate(_ODD_NAMES)),
            _user("Well?"),
        ],
        tuple(f"reading {n}." for n in range(len(_ODD_NAMES))),
    ),
    History(
        "arguments that are not an object",
        lambda: [
            _user("Look."),
            *(_bot(call(f"c{n}", arguments=text), result(f"c{n}")) for n, text in enumerate(_NO_OBJECTS)),
            _user("Well?"),
        ],
    ),
    History(
        "empty texts",
        lambda: [
            SystemMsg("system", ""),
            _user("", "  \n"),
            _bot("", " "),
            _user("Hello"),
            _bot(call("c1"), call("c2"), result("c1", ""), result("c2", [])),
            _bot(""),
            _user("Are you there?", ""),
        ],
    ),
    History(
        "speakers with any name",
        lambda: [
            _user("Hello", name="张 伟"),
            _bot("Good day.", name="The <Pilot> of Brest"),
            _user("Hi", name="Zoë K. " * 20),
            _user("Me too", name=""),
        ],
    ),
    History("the assistant speaks first", lambda: [_bot("Good day."), _user("Hello")]),
    History("the assistant speaks last", lambda: [_user("Hello"), _bot("Good day. ")]),
    History("one role twice", lambda: [_user("Hello"), _user("Hello?"), _bot("Yes."), _bot("Ask."), _user("Well?")]),
    History(
        "nothing but thoughts", lambda: [_user("Hello"), _bot(ThinkingBlock(thinking="They greet me.")), _user("So?")]
    ),
    History(
        "a hint between a call and its result",
        lambda: [_user("Look."), _bot(call("c1"), HintBlock(hint="Be brief."), HintBlock(hint=""), result("c1"))],
    ),
    History("media of the assistant", lambda: [_user("Draw."), _bot(_picture(), "Here."), _user("Thanks.")]),
    History(
        "media of a tool alone",
        lambda: [_user("Draw."), _bot(call("c1"), result("c1", [_picture()])), _user("Thanks.")],
    ),
    History(
        "a system message late",
        lambda: [_user("Hello"), SystemMsg("system", "Be kind."), _bot("Dear."), _user("Well?")],
    ),
)
