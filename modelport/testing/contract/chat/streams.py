"""A stream gives the same response however the network cuts it and whatever a server adds to it; nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..core.case import Case, case, require, require_equal
from ..core.frames import events, with_unknown_fields
from ..core.recordings import Recording
from ..model.byte_changes import require_same
from ..model.selectors import good, some
from .base import A_STREAM, ChatContractBase, sse_streams, streams
from .collect import Normalized, check_finish_reason, check_usage, collect, question, text_of
from .requests import leaves

__all__ = ["CASES"]

_PACKETS = (2, 3, 7)


@case("A stream ends with one response that holds everything, and has a finish reason", streams, A_STREAM)
async def stream_adds_up(contract: ChatContractBase, tape: Recording) -> None:
    model, wire = contract.play(tape, tape.answer(tape.frames))
    result = await collect(model)
    whole = result.whole()
    require(whole.content or whole.finish_reason != "stop", "the answer has no content")
    require(result.deltas or not whole.content, "a stream gave its content only at the end")
    require_equal("requests", len(wire.requests), 1)
    require_equal("attempts", [one.status_code for one in whole.attempts], [tape.status])
    require_equal("answers left open", wire.unclosed, 0)
    check_finish_reason(whole, tape)
    ids = [block.id for block in whole.content]
    require_equal("ids of blocks that two blocks share", sorted({each for each in ids if ids.count(each) > 1}), [])


@case("Several events in one packet give the same response", streams, A_STREAM)
async def events_in_packets(contract: ChatContractBase, tape: Recording) -> None:
    frames = tape.frames
    packed = [
        [b"".join(frames[start : start + size]) for start in range(0, len(frames), size)]
        for size in (1, *_PACKETS, len(frames))
    ]
    await require_same(contract, tape, packed)


@case("Unknown fields change nothing", streams, A_STREAM)
async def unknown_fields(contract: ChatContractBase, tape: Recording) -> None:
    frames = [with_unknown_fields(frame, tape.content_type) for frame in tape.frames]
    await require_same(contract, tape, [frames], Normalized.without_owned)


@case("Unknown events change nothing", streams, A_STREAM)
async def unknown_events(contract: ChatContractBase, tape: Recording) -> None:
    event = b'{"type":"modelport.unknown","modelport_unknown":{"depth":7}}'
    named = b"event: modelport.unknown\ndata: " if b"event:" in tape.body else b"data: "
    frame = named + event + b"\n\n" if tape.is_sse else event + b"\n"
    places = some(range(len(tape.frames)), contract.limit // 10)
    variants = ([*tape.frames[:place], frame, *tape.frames[place:]] for place in places)
    await require_same(contract, tape, variants)


@case(
    "SSE fields other than data, and data without a space before it, change nothing",
    sse_streams,
    "a cassette of server-sent events",
)
async def other_sse_fields(contract: ChatContractBase, tape: Recording) -> None:
    named = [b"id: 7\nretry: 10\nodd\n" + frame for frame in tape.frames]
    tight = [frame.replace(b"data: ", b"data:", 1) for frame in tape.frames]
    await require_same(contract, tape, [named, tight])


@case("A stream counts its input and output tokens", streams, A_STREAM)
async def stream_usage(contract: ChatContractBase, tape: Recording) -> None:
    model, _ = contract.play(tape, tape.answer())
    check_usage((await collect(model)).whole(), tape)


_WORDS = 2
_Place = tuple[str, ...]


@case("The text of every event is forwarded where that of others like it is", streams, A_STREAM)
async def no_piece_lost(contract: ChatContractBase, tape: Recording) -> str:
    forwarded = await _forwarded_by_frame(contract, tape)
    found = [dict(_texts(frame, tape.content_type)) for frame in tape.frames]
    places = {
        place for texts, after in zip(found, forwarded, strict=True) for place, text in texts.items() if text == after
    }
    pieces = 0
    for number, texts in enumerate(found):
        later = "".join(forwarded[number:])
        for place in places & texts.keys():
            pieces += 1
            lost = f"{texts[place]!r} of event {number} is not forwarded, though others at {'.'.join(place)} are"
            require(texts[place] in later, lost)
    return f"{pieces} pieces"


async def _forwarded_by_frame(contract: ChatContractBase, tape: Recording) -> list[str]:
    """The text that was handed out between each event and the next."""
    model, wire = contract.play(tape, tape.answer(tape.frames))
    texts = [""] * len(tape.frames)
    async for response in await model(question()):
        if not response.is_last:
            texts[max(wire.sent, 1) - 1] += "".join(map(text_of, response.content))
    return texts


def _texts(frame: bytes, content_type: str) -> Iterator[tuple[_Place, str]]:
    """The texts of an event by their place, which has the event's type and no numbers."""
    for _, text, _ in events(frame, content_type):
        value = json.loads(text)
        kind = str(value.get("type", "")) if isinstance(value, dict) else ""
        yield from ((place, leaf) for place, leaf in _leaves(value, (kind,)) if leaf)


def _leaves(value: Any, place: _Place) -> Iterator[tuple[_Place, str]]:  # Any: JSON
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, (*place, "*"))
    elif isinstance(value, str):
        yield place, value


@case("Every sentence that the server sends is in the response", good, "a cassette of an answer")
async def no_sentence_lost(contract: ChatContractBase, tape: Recording) -> str:
    model, _ = contract.play(tape, tape.answer(), stream=tape.streamed)
    whole = (await collect(model)).whole()
    facts = json.dumps([dict(whole.metadata), [block.model_dump(mode="json") for block in whole.content]])
    known = {*leaves(json.loads(facts)), *leaves(tape.interaction.asked.body)}
    received = "\n".join([*map(text_of, whole.content), *known])
    sentences = [text for text in _server_texts(tape) if text.count(" ") >= _WORDS]
    lost = [text[:80] for text in dict.fromkeys(sentences) if text.strip() not in received]
    require_equal("sentences of the server that are not in the response", lost, [])
    return f"{len(sentences)} texts"


def _server_texts(tape: Recording) -> Iterator[str]:
    """The texts of the answer, streamed or not."""
    if not tape.streamed:
        yield from leaves(json.loads(tape.body))
    for frame in tape.frames if tape.streamed else ():
        yield from (text for _, text in _texts(frame, tape.content_type))


CASES: tuple[Case[Any], ...] = (
    stream_adds_up,
    events_in_packets,
    unknown_fields,
    unknown_events,
    other_sse_fields,
    stream_usage,
    no_piece_lost,
    no_sentence_lost,
)
