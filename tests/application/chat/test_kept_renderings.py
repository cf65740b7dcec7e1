"""What was rendered for an earlier call is used again, and every body is the one that is rendered from the start."""

from __future__ import annotations

import asyncio
import gc
import itertools
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelport.adapters.dialects.openai_chat.writer import MessageWriter
from modelport.application.call.context import CallContext
from modelport.application.chat import http_attempt
from modelport.application.model import recall
from modelport.error import InvalidRequestError
from modelport.formatter import (
    AnthropicMultiAgentFormatter,
    OpenAIChatFormatter,
    OpenAIMultiAgentFormatter,
    RenderContext,
    Rendered,
)
from modelport.message import (
    AssistantMsg,
    Base64Source,
    ContentBlock,
    DataBlock,
    HintBlock,
    Msg,
    ProviderData,
    SystemMsg,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    URLSource,
    UserMsg,
)
from modelport.model import ModelWarning
from tests.application.chat.test_settings import CLASSES, CURRENT, model_of

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MODELS = {api: model_of(api, CURRENT[api]) for api in CLASSES}
TARGETS: dict[str, Any] = {
    **MODELS,
    "anthropic, other family": model_of("anthropic", "claude-opus-4-1"),
    "anthropic, bound thinking": model_of("anthropic", "claude-opus-5-5"),
    "gemini, other family": model_of("gemini", "gemini-2.5-flash"),
    "openai, text only": model_of("openai_chat", "gpt-4.1", formatter=OpenAIChatFormatter(input_types=["text/plain"])),
    "openai, no media": model_of("openai_chat", "gpt-4.1", formatter=OpenAIChatFormatter(input_types=[])),
    "openai, several agents": model_of("openai_chat", "gpt-4.1", formatter=OpenAIMultiAgentFormatter()),
    "anthropic, several agents": model_of(
        "anthropic", CURRENT["anthropic"], formatter=AnthropicMultiAgentFormatter(conversation_history_prompt="So far:")
    ),
}
Sent = tuple[bytes, list[ModelWarning]]


async def sent(model: Any, messages: list[Msg], tools: Sequence[Any] = ()) -> Sent:  # Any: a chat model, JSON
    """The body of a call with these messages, and its warnings."""
    context = CallContext.of(model._spec(stream=False))
    call = await http_attempt._encode(model, context, model.model, messages, tools, None, {})
    return call.http_request.body, context.warnings


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Calls render from the start."""
    usual = http_attempt._LONG
    http_attempt._LONG = 10**9
    try:
        yield
    finally:
        http_attempt._LONG = usual


async def both(model: Any, messages: list[Msg]) -> tuple[Sent, Sent]:  # Any: a chat model
    """A call as it is, and one from the start; the error's text where nothing can be sent."""
    kept: Sent
    try:
        kept = await sent(model, messages)
    except InvalidRequestError as error:
        kept = str(error).encode(), []
    with nothing_kept():
        try:
            return kept, await sent(model, messages)
        except InvalidRequestError as error:
            return kept, (str(error).encode(), [])


WORDS = st.sampled_from(["", " ", "Hello.", "Wie geht's?", "天地", "a\nb", "x" * 300])
IDS = st.sampled_from(["c1", "c2", "c1_1", "functions.f:0", "i" * 90])
REPLAY: list[dict[str, Any]] = [
    {"signature": "sig", "prefix": "0" * 32},
    {"thoughtSignature": "c2ln"},
    {"item": {"type": "reasoning", "encrypted_content": "enc", "summary": []}},
    {"unsigned": True},
    {"same_message": True},
    {"redacted": "data"},
    {"before": [{"text": "raw"}]},
]
OWNED = st.builds(
    ProviderData,
    provider=st.sampled_from(["anthropic", "gemini", "openai", "ollama", "deepseek"]),
    family=st.sampled_from(["", CURRENT["gemini"], CURRENT["anthropic"]]),
    data=st.sampled_from(REPLAY).map(lambda data: {**data}),
)
MAYBE_OWNED = st.none() | OWNED
SOURCES = st.sampled_from(
    [
        {"data": PIXEL, "media_type": "image/png"},
        {"data": "aGFsbG8=", "media_type": "text/plain"},
        {"data": "UklGRiQAAABXQVZF", "media_type": "audio/wav"},
    ]
).map(lambda fields: Base64Source(**fields)) | st.builds(URLSource, url=st.just("https://example.org/a.png"))
TEXT = st.builds(TextBlock, text=WORDS, provider_data=MAYBE_OWNED)
DATA = st.builds(DataBlock, source=SOURCES, name=st.none() | st.just("a.png"), provider_data=st.none() | OWNED)
LOCAL = DATA.filter(lambda block: isinstance(block.source, Base64Source))
"""Media that nothing has to load."""
INNER = WORDS | st.lists(TEXT | LOCAL, max_size=2)
CALL = st.builds(
    ToolCallBlock,
    id=IDS,
    name=st.sampled_from(["f", "查 天气"]),
    input=st.sampled_from(["", "{}", '{"a":1}', "[1]", "{"]),
    provider_data=MAYBE_OWNED,
)
RESULT = st.builds(
    ToolResultBlock, id=IDS, name=st.just("f"), output=INNER, state=st.sampled_from(list(ToolResultState))
)
PAIR = st.tuples(IDS, INNER).map(
    lambda facts: [
        ToolCallBlock(id=facts[0], name="f", input='{"q": 1}'),
        ToolResultBlock(id=facts[0], name="f", output=facts[1], state=ToolResultState.SUCCESS),
    ]
)
THOUGHT = st.builds(ThinkingBlock, thinking=WORDS, provider_data=MAYBE_OWNED)
HINT = st.builds(HintBlock, hint=INNER)
SAID: st.SearchStrategy[list[Any]] = st.lists(
    PAIR | st.one_of(TEXT, LOCAL, CALL, RESULT, THOUGHT, HINT).map(lambda block: [block]), min_size=1, max_size=4
).map(lambda groups: [*itertools.chain.from_iterable(groups)])
NAMES = st.sampled_from(["user", "Ann", "张 伟"])
MESSAGES = st.one_of(
    st.builds(UserMsg, NAMES, st.lists(TEXT | LOCAL, min_size=1, max_size=2)),
    st.builds(AssistantMsg, NAMES, SAID),
    st.builds(SystemMsg, NAMES, WORDS),
)


def blocks_of(messages: list[Msg]) -> list[ContentBlock]:
    found = [block for message in messages for block in message.content]
    for block in [*found]:
        inner = getattr(block, "output", getattr(block, "hint", ""))
        found += inner if isinstance(inner, list) else []
    return found


Change = Callable[[st.DataObject, list[Msg]], object]


def add_message(data: st.DataObject, messages: list[Msg]) -> None:
    messages.append(data.draw(MESSAGES))


def go_on_with_reply(data: st.DataObject, messages: list[Msg]) -> None:
    if messages[-1].role != "assistant":
        messages.append(AssistantMsg("bot", []))
    messages[-1].content.extend(data.draw(SAID))


def say_it_again(data: st.DataObject, messages: list[Msg]) -> None:
    messages.append(data.draw(st.sampled_from(messages)))


def drop_message(data: st.DataObject, messages: list[Msg]) -> None:
    del messages[data.draw(st.integers(0, len(messages) - 1))]


def put_message(data: st.DataObject, messages: list[Msg]) -> None:
    messages.insert(data.draw(st.integers(0, len(messages))), data.draw(MESSAGES))


def change_message(data: st.DataObject, messages: list[Msg]) -> None:
    message = data.draw(st.sampled_from(messages))
    message.name = data.draw(NAMES)
    message.metadata = {"seen": True}


def new_instruction(data: st.DataObject, messages: list[Msg]) -> None:
    if messages[0].role == "system":
        messages[0] = SystemMsg(data.draw(NAMES), data.draw(WORDS))
    else:
        messages.insert(0, SystemMsg("system", data.draw(WORDS)))


def change_content(data: st.DataObject, messages: list[Msg]) -> None:
    message = data.draw(st.sampled_from(messages))
    if message.content:
        place = data.draw(st.integers(0, len(message.content) - 1))
        if data.draw(st.booleans()):
            del message.content[place]
        else:
            message.content[place] = data.draw(TEXT)


def change_block(data: st.DataObject, messages: list[Msg]) -> None:
    blocks = blocks_of(messages)
    block: Any = data.draw(st.sampled_from(blocks)) if blocks else TextBlock(text="")
    for name in ("text", "thinking"):
        if hasattr(block, name):
            setattr(block, name, data.draw(WORDS))
    if hasattr(block, "output"):
        block.output = data.draw(INNER)
    if isinstance(block, DataBlock):
        block.source.media_type = data.draw(st.sampled_from(["image/png", "application/pdf"]))
    if isinstance(block, ToolCallBlock):
        block.input = data.draw(st.sampled_from(['{"b": 2}', "null"]))


def change_inside(data: st.DataObject, messages: list[Msg]) -> None:
    """What no field of a block says: lists and replay data are changed in place."""
    for block in blocks_of(messages):
        if block.provider_data is not None and data.draw(st.booleans()):
            block.provider_data.data["signature"] = data.draw(st.sampled_from(["one", "two"]))
        inner = getattr(block, "output", getattr(block, "hint", ""))
        if isinstance(inner, list):
            inner.append(data.draw(TEXT))


CHANGES: list[Change] = [
    add_message,
    add_message,
    go_on_with_reply,
    go_on_with_reply,
    say_it_again,
    drop_message,
    put_message,
    change_message,
    new_instruction,
    change_content,
    change_block,
    change_inside,
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bodies_are_the_same_whatever_changes_between_calls(data: st.DataObject) -> None:
    async def run() -> None:
        asked = UserMsg("user", "And now?")
        messages = [UserMsg("user", "Hello."), *data.draw(st.lists(MESSAGES, min_size=2, max_size=6))]
        targets = [TARGETS[name] for name in data.draw(st.lists(st.sampled_from([*TARGETS]), min_size=1, max_size=2))]
        for _ in range(6):
            for model in targets:
                for end in ([UserMsg("user", "!")], [asked], []):
                    kept, fresh = await both(model, [*messages, *end])
                    assert kept == fresh
            data.draw(st.sampled_from(CHANGES))(data, messages)
            messages = messages or [asked]

    asyncio.run(run())


def rounds(count: int) -> list[Msg]:
    messages: list[Msg] = [SystemMsg("system", "Be brief."), UserMsg("user", "Go.")]
    for number in range(count):
        call = ToolCallBlock(id=f"c{number}", name="f", input="{}")
        result = ToolResultBlock(id=f"c{number}", name="f", output=f"r{number}", state=ToolResultState.SUCCESS)
        messages += [AssistantMsg("bot", [TextBlock(text=f"Step {number}."), call, result]), UserMsg("user", "On.")]
    return messages


class Counted:
    """The pieces that calls rendered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pieces: list[int] = []
        render = recall.Recall.render

        def counting(own: recall.Recall, context: RenderContext) -> Rendered:
            self.pieces.append(len(own.rest))
            return render(own, context)

        monkeypatch.setattr(recall.Recall, "render", counting)


@pytest.mark.parametrize("api", CLASSES)
async def test_a_conversation_that_grows_is_rendered_once(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, messages = Counted(monkeypatch), rounds(20)
    for _ in range(4):
        kept, fresh = await both(MODELS[api], messages)
        assert kept == fresh
        messages += rounds(1)[2:]
    assert [count < 6 for count in counted.pieces] == [False, True, True]  # the second call finds that it goes on


@pytest.mark.parametrize("api", CLASSES)
async def test_a_reply_that_grows_is_rendered_once(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    reply = AssistantMsg("bot", [])
    messages = [SystemMsg("system", "Be brief."), UserMsg("user", "Go."), reply]
    for number in range(10):
        messages[0] = SystemMsg("system", "Be brief.")  # as an agent makes it for each call
        reply.content.extend(rounds(number + 1)[-2].content)
        kept, fresh = await both(MODELS[api], messages)
        assert kept == fresh
    assert max(counted.pieces[1:]) <= 2


async def test_a_list_of_no_input_types_is_one_setting_and_no_list_another() -> None:
    silent = model_of("openai_chat", "gpt-4.1")
    silent.card = silent.card.model_copy(update={"input_types": []})
    shown = [*rounds(3), UserMsg("user", [DataBlock(source=Base64Source(data=PIXEL, media_type="image/png"))])]
    for model in (silent, TARGETS["openai, no media"], MODELS["openai_chat"], silent, TARGETS["openai, no media"]):
        kept, fresh = await both(model, shown)
        assert kept == fresh
        assert (PIXEL.encode() in kept[0]) is (model is MODELS["openai_chat"])


async def test_one_beginning_serves_several_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, messages = Counted(monkeypatch), rounds(20)
    model = MODELS["openai_chat"]
    ends = [UserMsg("user", f"Question {number}") for number in range(5)]
    for end in [*ends, *ends[1:]]:
        kept, fresh = await both(model, [*messages, end])
        assert kept == fresh
    assert counted.pieces[1:] == [1] * 3 + [0] * 4


@pytest.mark.parametrize("api", CLASSES)
async def test_a_result_may_come_after_the_place_up_to_which_all_is_the_same(api: str) -> None:
    model = MODELS[api]
    call = ToolCallBlock(id="c", name="f", input="{}")
    messages = [*rounds(3), AssistantMsg("bot", [TextBlock(text="I look."), call])]
    for output in ("one", "two", "three"):
        result = ToolResultBlock(id="c", name="f", output=output, state=ToolResultState.SUCCESS)
        for _ in range(2):
            kept, fresh = await both(model, [*messages, AssistantMsg("bot", [result])])
            assert kept == fresh
            assert output.encode() in kept[0]


async def test_replay_data_goes_to_its_own_family_only() -> None:
    families = ("gemini", "gemini, other family")
    owned = ProviderData(provider="gemini", family=CURRENT["gemini"], data={"thoughtSignature": "c2lnbmF0dXJl"})
    messages = rounds(4)
    messages[2].content[1].provider_data = owned
    for _ in range(3):
        for name in families:
            kept, fresh = await both(TARGETS[name], messages)
            assert kept == fresh
            assert (b"c2lnbmF0dXJl" in kept[0]) == (name == "gemini")


@pytest.mark.parametrize("api", CLASSES)
async def test_neighbours_are_joined_over_the_place_up_to_which_all_is_kept(api: str) -> None:
    messages = rounds(3)
    for number in range(4):
        messages.append(AssistantMsg("bot", f"Answer {number}."))
        for _ in range(2):
            kept, fresh = await both(MODELS[api], messages)
            assert kept == fresh
        kept, fresh = await both(MODELS[api], [*messages, UserMsg("Ann", "A"), UserMsg("Bob", "B")])
        assert kept == fresh


async def test_ends_without_blocks_do_not_mix_with_others() -> None:
    messages, model = rounds(5), MODELS["openai_chat"]
    others = [[AssistantMsg("bot", []), UserMsg("Ann", "A")], [SystemMsg("Bob", "B"), UserMsg("Bob", "B")]]
    for _ in range(3):
        for end in [[], *others, *reversed(others)]:
            kept, fresh = await both(model, [*messages, *end])
            assert kept == fresh


async def test_calls_of_threads_do_not_mix() -> None:
    messages = rounds(30)
    with nothing_kept():
        wanted = [await sent(MODELS["anthropic"], [*messages, UserMsg("user", str(end))]) for end in range(8)]
    ends = [UserMsg("user", str(end)) for end in range(8)]

    def ask(number: int) -> bool:
        end = number % 8
        return asyncio.run(sent(MODELS["anthropic"], [*messages, ends[end]])) == wanted[end]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(64)))


def entries() -> list[list[recall.Checkpoint]]:
    """The checkpoints of each message that has an entry."""
    return [checkpoints for table in recall._STORE.tables.values() for _, checkpoints in table.values()]


async def test_messages_that_come_once_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_STORE", recall._Store())
    for _ in range(3):
        await sent(MODELS["openai_chat"], rounds(5))
    assert not any(entries())


async def test_nothing_is_kept_of_messages_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_STORE", recall._Store())
    messages = rounds(10)
    for _ in range(2):
        await sent(MODELS["openai_chat"], messages)
    text = weakref.ref(messages[4])
    assert entries()
    del messages
    gc.collect()
    assert text() is None
    assert not entries()


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_STORE", recall._Store())
    monkeypatch.setattr(recall, "_MOST", 8)
    kept = [rounds(5) for _ in range(20)]
    for messages in [*kept, *kept]:
        await sent(MODELS["openai_chat"], messages)
    assert len(entries()) <= 8
    for _ in range(10):  # the same conversation, changed again and again
        block = kept[0][1].content[0]
        assert isinstance(block, TextBlock)
        block.text += "!"
        await sent(MODELS["openai_chat"], kept[0])
    assert all(len(checkpoints) <= recall._BRANCHES for checkpoints in entries())


async def test_the_ends_of_one_long_conversation_take_no_more_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_STORE", recall._Store())
    monkeypatch.setattr(recall, "_MOST_HELD", 200)
    base = rounds(15)
    ends: list[Msg] = [UserMsg("user", f"What of {number}?") for number in range(40)]
    for end in [*ends, *ends]:
        kept, fresh = await both(MODELS["openai_chat"], [*base, end])
        assert kept == fresh
    held = [checkpoint.held for checkpoints in entries() for checkpoint in checkpoints]
    assert held and sum(held) <= 200 and max(held) >= len(base)


async def test_thinking_stays_bound_to_what_stands_before_it() -> None:
    model = TARGETS["anthropic, bound thinking"]
    messages: list[Msg] = [SystemMsg("system", "Be brief."), UserMsg("user", "Go.")]
    for number in range(12):
        context = CallContext.of(model._spec(stream=False))
        call = await http_attempt._encode(model, context, model.model, messages, (), None, {})
        owned = {"signature": f"s{number}", "prefix": getattr(call.new_decoder(), "_prefix", "")}
        thought = ThinkingBlock(thinking="Hm.", provider_data=ProviderData(provider="anthropic", data={**owned}))
        messages += [AssistantMsg("bot", [thought, TextBlock(text="Done.")]), UserMsg("user", "On.")]
        kept, fresh = await both(model, messages)
        assert kept == fresh
        assert kept[0].count(b'"signature"') == number + 1
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    for tools, left in (([tool], 0), ([], 12)):
        assert (await sent(model, messages, tools))[0].count(b'"signature"') == left
    for place, left in ((13, 6), (1, 0)):  # what is edited, and how much thinking stands before it
        text = messages[place].content[0]
        assert isinstance(text, TextBlock)
        text.text += "?"
        kept, fresh = await both(model, messages)
        assert kept == fresh
        assert kept[0].count(b'"signature"') == left


class Loud(OpenAIChatFormatter):
    """A formatter of an application, which writes into what the provider's rendered."""

    def render(self, msgs: Any, context: RenderContext) -> Rendered:
        rendered = super().render(msgs, context)
        for message in rendered.messages:
            message["content"] = str(message["content"]).upper()
        return rendered


async def test_formatters_of_applications_render_everything_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, messages = Counted(monkeypatch), rounds(5)
    loud = model_of("openai_chat", "gpt-4.1", formatter=Loud())
    first = await sent(MODELS["openai_chat"], messages)
    assert b"STEP 3." in (await sent(loud, messages))[0]
    assert await sent(MODELS["openai_chat"], messages) == first
    assert len(counted.pieces) == 1  # the second call of the provider's own


class LoudWriter(MessageWriter):
    """A writer of an application, which knows nothing of what is kept."""

    def add(self, turn: Any) -> None:  # Any: a turn
        super().add(turn)
        self.messages[-1]["content"] = str(self.messages[-1]["content"]).upper()


class Written(OpenAIChatFormatter):
    """A formatter with it."""

    def turn_writer(self, context: RenderContext) -> Any:
        return LoudWriter(self.profile, context)


async def test_writers_of_applications_write_everything_each_time() -> None:
    messages, model = rounds(5), model_of("openai_chat", "gpt-4.1", formatter=Written())
    for _ in range(4):
        (body, _), _ = await both(model, messages)
        assert b"STEP 3." in body and b"tep on." not in body
        messages.append(UserMsg("user", "Step on."))


async def test_marks_of_the_cache_are_placed_anew() -> None:
    model, messages = MODELS["anthropic"], rounds(6)
    assert b"cache_control" not in (await sent(model, messages))[0]
    messages[3].content[0].cache = True
    kept, fresh = await both(model, messages)
    assert kept == fresh
    assert kept[0].count(b"cache_control") == 1
    messages[3].content[0].cache = None
    assert b"cache_control" not in (await sent(model, messages))[0]
