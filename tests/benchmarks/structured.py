"""What a streamed object costs on top of the stream: CPU for each piece, in three shapes, answered from memory.

python -m tests.benchmarks.structured [--smoke]
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence

import orjson
from pydantic import BaseModel

from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import ChatStream, OpenAIChatModel
from tests.benchmarks.memory import FromMemory
from tests.benchmarks.table import Row, main

GOAL, ROUNDS = 1.5, 5
ASK = [UserMsg("user", "Describe it.")]


class Text(BaseModel):
    """One long string."""

    text: str


class Strings(BaseModel):
    """Many strings."""

    items: list[str]


class Objects(BaseModel):
    """Many small objects."""

    items: list[dict[str, str]]


SHAPES: dict[str, tuple[type[BaseModel], str, str, str]] = {
    "one string": (Text, '{"text": "', "words ", '"}'),
    "an array of strings": (Strings, '{"items": ["', 'words", "', '"]}'),
    "an array of objects": (Objects, '{"items": [', '{"k": "v"}, ', '{"k": "v"}]}'),
}


def blocks(pieces: Sequence[str], per_packet: int) -> list[bytes]:
    """The events of a Chat Completions stream with these pieces, so many in one block."""
    deltas = [{"delta": {"content": piece}} for piece in pieces] + [{"delta": {}, "finish_reason": "stop"}]
    bodies = [orjson.dumps({"id": "c", "model": "m", "choices": [{"index": 0, **delta}]}) for delta in deltas]
    events = [b"data: " + body + b"\n\n" for body in [*bodies, b"[DONE]"]]
    return [b"".join(events[start : start + per_packet]) for start in range(0, len(events), per_packet)]


async def plain(model: OpenAIChatModel[ChatStream]) -> None:
    """Read the stream as text."""
    async for _ in await model(ASK):
        pass


async def structured(model: OpenAIChatModel[ChatStream], schema: type[BaseModel], count: int) -> None:
    """Read it as an object that grows; the last one is whole."""
    async for step in model.stream_structured_output(ASK, schema):
        last = step
    assert last.is_last and len(next(iter(last.content.values()))) >= count


async def costs(shape: str, count: int, per_packet: int, rounds: int) -> tuple[float, float]:
    """Microseconds of CPU for each piece: of the stream alone, and with the object; the least of all rounds."""
    schema, start, piece, end = SHAPES[shape]
    answer = FromMemory(blocks([start, *[piece] * count, end], per_packet))
    model = OpenAIChatModel[ChatStream](
        OpenAICredential(api_key="k"), "gpt-4.1", stream=True, transport=answer, card_checks="off"
    )
    found: list[list[float]] = [[], []]
    for _ in range(rounds + 1):
        for way, seconds in ((plain(model), found[0]), (structured(model, schema, count), found[1])):
            gc.collect()
            begun = time.process_time()
            await way
            seconds.append((time.process_time() - begun) / count * 1e6)
    return min(found[0]), min(found[1])


def rows(smoke: bool) -> list[Row]:
    """Each shape, with each piece in a packet of its own and with many in one."""
    count, rounds = (20, 1) if smoke else (16_000, ROUNDS)
    measured = []
    for shape in SHAPES:
        for per_packet in (1, 50):
            alone, whole = asyncio.run(costs(shape, count, per_packet, rounds))
            what = f"a streamed object, {shape}, {per_packet} to a packet: each piece on top of the stream"
            note = f"{whole:.1f} µs in all"
            measured.append(Row(what, max(0.0, whole - alone), None, "", "µs of CPU", GOAL, note))
    return measured


if __name__ == "__main__":
    main(rows)
