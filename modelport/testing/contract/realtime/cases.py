"""The cases of realtime models, on each recording: as it is, cut off, with strange frames, and abandoned."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping
from typing import Any

from ....domain.chat.turns import to_turns
from ....domain.errors import ModelError
from ....domain.message.blocks import ToolCallBlock, ToolResultBlock
from ....domain.message.events import DataBlockDeltaEvent
from ....domain.realtime.events import RealtimeEvent
from ..core.case import case, require, require_equal
from .base import RealtimeContractBase
from .compare import differences
from .outcome import Outcome
from .recordings import KEY, check_recording, play
from .script import script_of

__all__ = ["CASES"]

Json = Mapping[str, Any]  # Any: a recording's JSON
_OPENS = {"REPLY_START": "REPLY_END", "MODEL_CALL_START": "MODEL_CALL_END", "TOOL_CALL_START": "TOOL_CALL_END"}


def _tapes(contract: RealtimeContractBase) -> list[Json]:
    return list(contract.tapes())


def _accepted(contract: RealtimeContractBase) -> list[Json]:
    """The recordings in which a set-up is accepted."""
    return [tape for tape in contract.tapes() if script_of(tape).accepted < len(tape["frames"])]


@case("text, transcripts, calls, counts, audio and conversation are those of the recording", over=_tapes)
async def as_recorded(contract: RealtimeContractBase, tape: Json) -> None:
    found = await check_recording(tape, contract.build)
    require(not found, "; ".join(found))


@case("every reply, call and block begins before its pieces and ends once", over=_accepted)
async def ends_once(contract: RealtimeContractBase, tape: Json) -> None:
    outcome, _ = await play(tape, contract.build)
    _check_order(outcome.events)


@case("audio comes in whole samples", over=_accepted)
async def whole_samples(contract: RealtimeContractBase, tape: Json) -> None:
    outcome, _ = await play(tape, contract.build)
    for event in outcome.events:
        if isinstance(event, DataBlockDeltaEvent) and not event.metadata.get("partial_sample"):
            require(len(base64.b64decode(event.data or "")) % 2 == 0, "a piece of audio ends inside a sample")


@case("the history can be sent to any chat model", over=_accepted)
async def legal_history(contract: RealtimeContractBase, tape: Json) -> None:
    outcome, _ = await play(tape, contract.build)
    conversation = to_turns(outcome.history)
    require(not conversation.warnings, f"the history is not legal: {conversation.warnings}")
    blocks = [block for message in outcome.history for block in message.content]
    calls = [block.id for block in blocks if isinstance(block, ToolCallBlock)]
    results = [block.id for block in blocks if isinstance(block, ToolResultBlock)]
    require_equal("the calls with a result", sorted(results), sorted(calls))


@case("a connection that breaks at any frame ends the session with its reason, and every reply", over=_accepted)
async def cut_off(contract: RealtimeContractBase, tape: Json) -> None:
    frames = tape["frames"]
    places = [index for index in range(script_of(tape).accepted, len(frames)) if frames[index]["dir"] == "server"]
    for index in places[:: max(1, len(places) // contract.most_cuts)]:
        if any("close" in frame or "connect" in frame for frame in frames[: index + 1]):
            break  # what follows is another connection
        end = {"dir": "server", "close": {"code": 1011, "reason": "cut here"}}
        outcome, faults = await play({**tape, "frames": [*frames[: index + 1], end]}, contract.build)
        require(not faults, f"cut after frame {index}: {faults}")
        _check_cut(outcome, index)


def _check_cut(outcome: Outcome, index: int) -> None:
    require(isinstance(outcome.failed, ModelError), f"cut after frame {index}: the iteration raised no ModelError")
    require("cut here" in str(outcome.failed), f"cut after frame {index}: the error {outcome.failed} has no reason")
    require(KEY not in repr(outcome.failed) + str(outcome.failed), "the error shows the key")
    _check_order(outcome.events)
    require_equal("the last event", str(outcome.events[-1].type), "SESSION")


@case("frames that are not known change nothing", over=_accepted)
async def strange_frames(contract: RealtimeContractBase, tape: Json) -> None:
    strange = {"type": "news.of.tomorrow", "item_id": "x", "delta": 1}
    if "turns" in tape["expected"]:
        strange = {"newsOfTomorrow": {"x": 1}}
    frames: list[Any] = []
    for index, frame in enumerate(tape["frames"]):
        frames.append(frame)
        leaving = any("close" in later for later in tape["frames"][index + 1 : index + 2])
        if frame["dir"] == "server" and "json" in frame and index > script_of(tape).accepted and not leaving:
            frames.append({"dir": "server", "json": strange})
    changed = {**tape, "frames": frames}
    outcome, faults = await play(changed, contract.build)
    found = [*faults, *differences(changed, outcome)]
    require(not found, "; ".join(found))


@case("an application that leaves at any event leaves nothing behind", over=_accepted)
async def left_early(contract: RealtimeContractBase, tape: Json) -> None:
    outcome, _ = await play(tape, contract.build)
    before = len(asyncio.all_tasks())
    for count in range(0, len(outcome.events), max(1, len(outcome.events) // contract.most_cuts)):
        await play({**tape, "leave_after": count}, contract.build)
        await asyncio.sleep(0)
        require_equal(f"tasks after leaving at event {count}", len(asyncio.all_tasks()), before)


def _check_order(events: list[RealtimeEvent]) -> None:
    for opening, closing in _OPENS.items():
        key = "tool_call_id" if opening.startswith("TOOL") else "reply_id"
        _check_pairs(events, opening, closing, key)
    for kind in ("TEXT_BLOCK", "DATA_BLOCK", "THINKING_BLOCK"):
        _check_pairs(events, f"{kind}_START", f"{kind}_END", "block_id", f"{kind}_DELTA")


def _check_pairs(events: list[RealtimeEvent], opening: str, closing: str, key: str, inside: str = "") -> None:
    """Each end has a beginning, and pieces come between the two."""
    still_open: set[str] = set()
    for event in _of(events, opening, closing, inside):
        name, kind = str(getattr(event, key)), str(event.type)
        if kind == opening:
            require(name not in still_open, f"{opening} twice for {name}")
            still_open.add(name)
        else:
            require(name in still_open, f"{kind} without {opening} for {name}")
            if kind == closing:
                still_open.discard(name)
    require(opening == "TOOL_CALL_START" or not still_open, f"no {closing} for {sorted(still_open)}")


def _of(events: list[RealtimeEvent], *kinds: str) -> Iterator[RealtimeEvent]:
    return (event for event in events if str(event.type) in kinds)


CASES = (as_recorded, ends_once, whole_samples, legal_history, cut_off, strange_frames, left_early)
