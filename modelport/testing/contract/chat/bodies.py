"""Answers in one piece, and servers that stream although they were not asked to, or do not although they were."""

from __future__ import annotations

from typing import Any

from ....domain.errors import ResponseDecodeError
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import MutatedAnswer
from ..core.recordings import Recording
from ..model.selectors import simplest
from .base import A_BODY, A_STREAM, ChatContractBase, bodies, streams
from .collect import check_finish_reason, check_usage, collect, normalized

__all__ = ["CASES"]


@case("An answer in one piece is one response with a finish reason", bodies, A_BODY)
async def whole_body(contract: ChatContractBase, tape: Recording) -> None:
    model, wire = contract.play(tape, tape.answer(), stream=False)
    result = await collect(model)
    require(result.whole().content or result.whole().finish_reason != "stop", "the answer has no content")
    check_finish_reason(result.whole(), tape)
    require_equal("steps before the answer", len(result.deltas), 0)
    require_equal("answers left open", wire.unclosed, 0)


@case("An answer in one piece counts its tokens", bodies, A_BODY)
async def body_usage(contract: ChatContractBase, tape: Recording) -> None:
    model, _ = contract.play(tape, tape.answer(), stream=False)
    check_usage((await collect(model)).whole(), tape)


@case("An answer in one piece gives the same response when a stream was asked for", bodies, A_BODY)
async def body_instead_of_stream(contract: ChatContractBase, tape: Recording) -> None:
    wanted = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer(), stream=True)
    require_equal("the answer", normalized((await collect(model)).whole(), tape.body), wanted)


@case("A stream gives the same response when none was asked for", streams, A_STREAM)
async def stream_instead_of_body(contract: ChatContractBase, tape: Recording) -> None:
    wanted = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer(tape.frames), stream=False)
    result = await collect(model)
    require_equal("steps before the answer", len(result.deltas), 0)
    require_equal("the answer", normalized(result.whole(), tape.body), wanted)


@case("A body that is cut off or is not JSON is a ResponseDecodeError", simplest, A_STREAM)
async def unreadable_body(contract: ChatContractBase, tape: Recording) -> None:
    page = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"
    for data, kind in ((b'{"unfinished": [', "application/json"), (page, "text/html")):
        for stream in (True, False):
            answer = MutatedAnswer(200, {"content-type": kind}, (data,))
            model, _ = contract.play(tape, answer, stream=stream, max_retries=0)
            result = await collect(model)
            require(
                isinstance(result.error, ResponseDecodeError),
                f"{data[:20]!r} with stream={stream} gives {result.error or result.last!r}",
            )


CASES: tuple[Case[Any], ...] = (
    whole_body,
    body_usage,
    body_instead_of_stream,
    stream_instead_of_body,
    unreadable_body,
)
