"""A stream means the same, however the network cuts it and whatever a server adds to it.

No piece of a stream is lost: where one event's text is told on, so is that of every event like it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ....domain.message.responses import ChatResponse
from ..core.case import Case, case, require, require_equal
from ..core.frames import content_free, cut_positions, events, with_line_ends, with_unknown_fields
from ..core.recordings import Taped
from ..model.selectors import A_STREAM, good, some, sse_streams, streams
from .collect import Told, hear, question, said, told
from .history import leaves

if TYPE_CHECKING:
    from .contract import ChatContract

__all__ = ["CASES", "check_finish_reason"]

_CUT = re.compile("length|max_(output_)?tokens", re.IGNORECASE)
_PACKETS = (2, 3, 7)


@case("A stream ends with one response that holds everything, with a finish reason", streams, A_STREAM)
async def stream_adds_up(contract: ChatContract, tape: Taped) -> None:
    model, mutant = contract.play(tape, tape.answer(tape.frames))
    heard = await hear(model)
    whole = heard.whole()
    require(whole.content or whole.finish_reason != "stop", "the answer has no content")
    require(heard.deltas or not whole.content, "a stream gave its content only at the end")
    require_equal("requests", len(mutant.requests), 1)
    require_equal("attempts", [one.status_code for one in whole.attempts], [tape.status])
    require_equal("answers left open", mutant.unclosed, 0)
    check_finish_reason(whole, tape)
    ids = [block.id for block in whole.content]
    require_equal("ids of blocks that two blocks share", sorted({each for each in ids if ids.count(each) > 1}), [])


@case("Bytes cut in two at any place say the same", streams, A_STREAM)
async def cut_in_two(contract: ChatContract, tape: Taped) -> str:
    cuts = cut_positions(tape.frames, contract.limit)
    await _all_same(contract, tape, ((tape.body[:cut], tape.body[cut:]) for cut in cuts))
    return f"{len(cuts)} of {len(tape.body) - 1} places"


@case("Bytes that come one by one say the same", streams, A_STREAM)
async def one_byte_at_a_time(contract: ChatContract, tape: Taped) -> None:
    await _all_same(contract, tape, [[tape.body[place : place + 1] for place in range(len(tape.body))]])


@case("Several events in one packet say the same", streams, A_STREAM)
async def events_in_packets(contract: ChatContract, tape: Taped) -> None:
    frames = tape.frames
    packed = [
        [b"".join(frames[start : start + size]) for start in range(0, len(frames), size)]
        for size in (1, *_PACKETS, len(frames))
    ]
    await _all_same(contract, tape, packed)


@case("Lines may end with LF or with CRLF", streams, A_STREAM)
async def line_ends(contract: ChatContract, tape: Taped) -> None:
    for end in (b"\n", b"\r\n"):
        body = with_line_ends(tape.body, end)
        await _all_same(contract, tape, [[body], [body[place : place + 1] for place in range(len(body))]])


@case("Comments and blank lines between events change nothing", streams, A_STREAM)
async def pings(contract: ChatContract, tape: Taped) -> None:
    for ping in content_free(tape.content_type):
        pinged = [piece for frame in tape.frames for piece in (ping, frame)]
        await _all_same(contract, tape, [pinged, [b"".join(pinged)]])


@case("Fields that nobody knows change nothing", streams, A_STREAM)
async def unknown_fields(contract: ChatContract, tape: Taped) -> None:
    frames = [with_unknown_fields(frame, tape.content_type) for frame in tape.frames]
    await _all_same(contract, tape, [frames], owned=False)


@case("Events that nobody knows change nothing", streams, A_STREAM)
async def unknown_events(contract: ChatContract, tape: Taped) -> None:
    event = b'{"type":"modelport.unknown","modelport_unknown":{"nobody":"knows"}}'
    named = b"event: modelport.unknown\ndata: " if b"event:" in tape.body else b"data: "
    frame = named + event + b"\n\n" if tape.is_sse else event + b"\n"
    places = some(range(len(tape.frames)), contract.limit // 10)
    mutants = ([*tape.frames[:place], frame, *tape.frames[place:]] for place in places)
    await _all_same(contract, tape, mutants)


@case(
    "SSE fields other than data, and data without a space before it, change nothing",
    sse_streams,
    "a cassette of server-sent events",
)
async def other_sse_fields(contract: ChatContract, tape: Taped) -> None:
    named = [b"id: 7\nretry: 10\nodd\n" + frame for frame in tape.frames]
    tight = [frame.replace(b"data: ", b"data:", 1) for frame in tape.frames]
    await _all_same(contract, tape, [named, tight])


@case("Each answer counts its tokens, all input and all output", streams, A_STREAM)
async def stream_usage(contract: ChatContract, tape: Taped) -> None:
    from .usage import check_usage

    model, _ = contract.play(tape, tape.answer())
    check_usage((await hear(model)).whole(), tape)


def check_finish_reason(whole: ChatResponse, tape: Taped) -> None:
    """Raise unless the reason is the provider's word, and `tool_calls` exactly for a normal end with calls."""
    raw, reason = whole.raw_finish_reason, whole.finish_reason
    require(raw is None or raw.encode() in tape.body, f"the server never said {raw!r}")
    if raw is not None and _CUT.search(raw):
        require_equal(f"finish_reason of {raw!r}", str(reason), "length")
    calls = any(block.type == "tool_call" for block in whole.content)
    if reason in ("stop", "tool_calls"):
        require_equal(f"finish_reason with{'' if calls else 'out'} calls", reason, "tool_calls" if calls else "stop")


async def _all_same(
    contract: ChatContract, tape: Taped, mutants: Iterable[Sequence[bytes]], owned: bool = True
) -> None:
    """Raise unless each of these sequences of pieces says what the unchanged answer says.

    Data of the provider's own may hold what it sent verbatim, and so what was changed: then `owned` is false.
    """
    wanted = await contract.expected(tape)
    wanted = wanted if owned else wanted.without_owned()
    for pieces in mutants:
        model, mutant = contract.play(tape, tape.answer(pieces))
        heard = await hear(model)
        found = told(heard.whole(), tape.body)
        found = found if owned else found.without_owned()
        if found != wanted:
            raise AssertionError(f"{_first_difference(found, wanted)} (after {_around(pieces)})")
        require_equal("requests", len(mutant.requests), 1)


def _first_difference(found: Told, wanted: Told) -> str:
    for name in ("blocks", "finish_reason", "raw_finish_reason", "usage"):
        one, other = getattr(found, name), getattr(wanted, name)
        if one != other:
            return f"{name}: {one!r:.300} instead of {other!r:.300}"
    return "nothing differs"


def _around(pieces: Sequence[bytes]) -> str:
    """Where the first piece ends."""
    return f"a first piece of {len(pieces[0])} bytes that ends with {bytes(pieces[0][-40:])!r}" if pieces else "nothing"


_WORDS = 2
_Place = tuple[str, ...]


@case("No piece of text, thought or call is lost", streams, A_STREAM)
async def no_piece_lost(contract: ChatContract, tape: Taped) -> str:
    told_on = await _told_by_frame(contract, tape)
    found = [dict(_texts(frame, tape.content_type)) for frame in tape.frames]
    places = {
        place for texts, told in zip(found, told_on, strict=True) for place, text in texts.items() if text == told
    }
    pieces = 0
    for number, texts in enumerate(found):
        later = "".join(told_on[number:])
        for place in places & texts.keys():
            pieces += 1
            lost = f"{texts[place]!r} of event {number} is not told on, as others at {'.'.join(place)} are"
            require(texts[place] in later, lost)
    return f"{pieces} pieces"


async def _told_by_frame(contract: ChatContract, tape: Taped) -> list[str]:
    """What was said on by the time that each event had come, and the next had not."""
    model, mutant = contract.play(tape, tape.answer(tape.frames))
    told = [""] * len(tape.frames)
    async for response in await model(question()):  # type: ignore[union-attr]  # a stream, as asked
        if not response.is_last:
            told[max(mutant.sent, 1) - 1] += "".join(map(said, response.content))
    return told


def _texts(frame: bytes, content_type: str) -> Iterator[tuple[_Place, str]]:
    """The texts of an event by their place, which says the event's type and no numbers."""
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


@case("Whatever the server says in words is told on", good, "a cassette of an answer")
async def words_are_told(contract: ChatContract, tape: Taped) -> str:
    model, _ = contract.play(tape, tape.answer(), stream=tape.streamed)
    whole = (await hear(model)).whole()
    facts = json.dumps([dict(whole.metadata), [block.model_dump(mode="json") for block in whole.content]])
    known = {*leaves(json.loads(facts)), *leaves(tape.interaction.asked.body)}
    heard = "\n".join([*map(said, whole.content), *known])
    sentences = [text for text in _spoken(tape) if text.count(" ") >= _WORDS]
    lost = [text[:80] for text in dict.fromkeys(sentences) if text.strip() not in heard]
    require_equal("what the server said and nobody hears", lost, [])
    return f"{len(sentences)} texts"


def _spoken(tape: Taped) -> Iterator[str]:
    """The texts of the answer, streamed or not."""
    if not tape.streamed:
        yield from leaves(json.loads(tape.body))
    for frame in tape.frames if tape.streamed else ():
        yield from (text for _, text in _texts(frame, tape.content_type))


CASES: tuple[Case[Any], ...] = (
    stream_adds_up,
    cut_in_two,
    one_byte_at_a_time,
    events_in_packets,
    line_ends,
    pings,
    unknown_fields,
    unknown_events,
    other_sse_fields,
    stream_usage,
    no_piece_lost,
    words_are_told,
)
