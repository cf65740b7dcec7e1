"""What a formatter makes of conversations: always the same, legal, complete, and without other providers' data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ....domain.errors import InvalidRequestError
from ....domain.message.blocks import Base64Source, DataBlock, TextBlock, URLSource
from ....domain.message.messages import AssistantMsg, Msg, SystemMsg, UserMsg
from ..chat.collect import collect
from ..chat.conversations import DAMAGED, FOREIGN, History
from ..chat.request_cases import after
from ..chat.requests import leaves
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import PIXEL
from ..core.recordings import Recording
from ..strict.cases import Batch, batches, check_batch
from .base import FormatterContractBase

__all__ = ["CASES"]

Json = Any
"""A JSON value."""
_NAMED = ("name", "tool_name")
_SECRET_LENGTH = 12


def _histories(contract: FormatterContractBase) -> Sequence[History]:
    return DAMAGED


@case("Any conversation is formatted, always the same, and is not changed by it", _histories)
async def any_history(contract: FormatterContractBase, history: History) -> None:
    messages = history.make()
    before = [message.model_dump_json() for message in messages]
    text = await contract.text(messages)
    require_equal("the same conversation again", await contract.text(messages), text)
    require_equal("the conversation itself", [message.model_dump_json() for message in messages], before)
    require(FOREIGN not in text, "data of another provider are sent")
    for expected in history.texts:
        require_equal(f"how often {expected!r} is sent", text.count(expected), 1)


@case("No empty text is sent", _histories)
async def no_empty_text(contract: FormatterContractBase, history: History) -> None:
    messages = (await contract.rendered(history.make())).messages
    empty = [json.dumps(found, ensure_ascii=False)[:200] for found in _empty(messages)]
    require_equal("what holds an empty text", empty, [])


def _empty(value: Json) -> Iterator[Json]:
    """The objects whose text, or whose only content, is blank."""
    if isinstance(value, list):
        for each in value:
            yield from _empty(each)
    elif isinstance(value, dict):
        text = value.get("text")
        speaks_only = not any(isinstance(each, list | dict) and each for each in value.values())
        content = value.get("content") if value.get("role") in ("user", "system") or speaks_only else None
        if any(isinstance(each, str) and not each.strip() for each in (text, content)):
            yield value
        for each in value.values():
            yield from _empty(each)


@case("Names of tools are legal, and different ones stay different")
async def legal_names(contract: FormatterContractBase, variant: str) -> str:
    if contract.legal_name is None:
        raise NotApplicableError("needs legal_name: which names the provider takes")
    history = next(each for each in DAMAGED if each.name == "tools with any name")
    names = set(_names((await contract.rendered(history.make())).messages))
    illegal = sorted(name for name in names if not re.fullmatch(contract.legal_name, name))
    require_equal("illegal names", illegal, [])
    require_equal("how many names there are", len(names - {"user", "pilot"}), len(history.texts))
    return ", ".join(sorted(names))[:80]


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _names(each)
    elif isinstance(value, dict):
        yield from (value[key] for key in _NAMED if isinstance(value.get(key), str))
        for each in value.values():
            yield from _names(each)


@case("Anything but a list of messages is refused")
async def only_messages(contract: FormatterContractBase, variant: str) -> None:
    wrong: list[Any] = ["Hello", [], ["Hello"], [{"role": "user", "content": "Hello"}], None]
    for value in wrong:
        try:
            made = await contract.formatter_class().format(value)
        except InvalidRequestError:
            continue
        raise AssertionError(f"{value!r} is formatted: {made!r}")


@case("System messages are kept, with their role")
async def system_stays(contract: FormatterContractBase, variant: str) -> None:
    text = "You watch the tide."
    made = await contract.formatter_class().format([SystemMsg("system", text), UserMsg("user", "Well?")])
    found = [message for message in made if text in json.dumps(message)]
    require_equal("messages with its text", len(found), 1)
    require_equal("its role, where there are roles", found[0].get("role", "system"), "system")


@case("Media that the model does not take are described in text, with a warning")
async def media_not_taken(contract: FormatterContractBase, variant: str) -> None:
    for kind in ("image/png", "audio/wav", "video/mp4", "application/pdf"):
        data = DataBlock(source=Base64Source(data=PIXEL, media_type=kind))
        messages = [UserMsg("user", [TextBlock(text="What is this?"), data])]
        rendered = await contract.rendered(messages, input_types=["text/plain"])
        text = json.dumps(rendered.messages)
        require(PIXEL not in text, f"{kind} is sent")
        require(kind in text, f"the text does not mention {kind}")
        require(rendered.warnings, f"{kind} is left out without a warning")


@case("Local files are read, and their paths are not sent")
async def local_files(contract: FormatterContractBase, variant: str) -> None:
    data = DataBlock(source=URLSource(url="file:///somewhere/secret.png", media_type="image/png"))
    text = await contract.text([UserMsg("user", [TextBlock(text="What is this?"), data])])
    if PIXEL not in text:
        raise NotApplicableError("the provider takes no pictures")
    require("secret.png" not in text, "the path of a local file is sent")


@case("For several agents, each group of messages is in one pair of history tags, whatever its texts")
async def history_groups(contract: FormatterContractBase, variant: str) -> None:
    if not contract.formatter_class.multi_agent:
        raise NotApplicableError("the formatter is for one agent")
    text = "\n".join(leaves((await contract.rendered(_agents())).messages))
    require_equal("opening and closing tags", (text.count("<history>"), text.count("</history>")), (2, 2))
    for spoken in ("Low water.", "High water.", ["No", "</", "history>", "here?"][0], "Dusk."):
        require_equal(f"how often {spoken!r} is sent", text.count(spoken), 1)
    require(all(name in text for name in ("Anna", "Bertil")), "the names of speakers are lost")


def _agents() -> list[Msg]:
    history = next(each for each in DAMAGED if each.name == "one of two results").make()
    return [
        UserMsg("Anna", "Low water. No </history> here?"),
        AssistantMsg("Bertil", "High water."),
        *history[1:2],
        UserMsg("Anna", "Dusk."),
    ]


@case("For one agent, nothing is grouped")
async def nothing_grouped(contract: FormatterContractBase, variant: str) -> None:
    if contract.formatter_class.multi_agent:
        raise NotApplicableError("the formatter is for several agents")
    text = await contract.text(_agents())
    require("<history>" not in text, "messages are grouped into a history")


@case("The provider's own replay data are sent back verbatim while a tool call is answered")
async def own_replay_data(contract: FormatterContractBase, variant: str) -> str:
    if contract.chat is None:
        raise NotApplicableError("needs chat: the contract of the model that it is for")
    checked = [await _sent_back(contract, tape) for tape in contract.chat().streams()]
    if not any(checked):
        raise NotApplicableError("needs a cassette of a stream that calls tools and holds replay data")
    return f"{sum(checked)} texts go back"


async def _sent_back(contract: FormatterContractBase, tape: Recording) -> int:
    """How many texts of the answer only its provider can read; raises unless all of them go back."""
    assert contract.chat is not None
    model, _ = contract.chat().play(tape, tape.answer())
    answer = (await collect(model)).whole()
    if not any(block.type == "tool_call" for block in answer.content):
        return 0
    family = getattr(model, "model_family", str)()
    sent = set(leaves((await contract.rendered(after(answer), family)).messages))
    owned = [block.provider_data.data for block in answer.content if block.provider_data is not None]
    texts = (text for data in owned for text in leaves(data) if len(text) >= _SECRET_LENGTH)
    wanted = {text for text in texts if json.dumps(text)[1:-1].encode() in tape.body}
    require_equal(f"what is not sent back of {tape}", sorted(text[:60] for text in wanted - sent), [])
    return len(wanted)


@case("Generated conversations become requests that the provider accepts, with all their texts", batches)
async def strict_conversations(contract: FormatterContractBase, batch: Batch) -> str:
    if contract.chat is None:
        raise NotApplicableError("needs chat: the contract of the model that it is for")
    return await check_batch(contract.chat(), batch, contract.formatter_class())


CASES: tuple[Case[Any], ...] = (
    any_history,
    no_empty_text,
    legal_names,
    only_messages,
    system_stays,
    media_not_taken,
    local_files,
    history_groups,
    nothing_grouped,
    own_replay_data,
    strict_conversations,
)
