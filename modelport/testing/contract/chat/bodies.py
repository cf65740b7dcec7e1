"""An answer in one piece, and servers that stream unasked or do not stream when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....domain.errors import ResponseDecodeError
from ..core.case import Case, case, require, require_equal
from ..core.mutated_transport import MutantAnswer
from ..core.recordings import Taped
from ..model.selectors import A_STREAM, a_stream, bodies, streams
from .collect import hear, told
from .streams import check_finish_reason
from .usage import check_usage

if TYPE_CHECKING:
    from .contract import ChatContract

__all__ = ["CASES"]

_A_BODY = "a cassette of an answer in one piece"


@case("An answer in one piece is one response with a finish reason", bodies, _A_BODY)
async def whole_body(contract: ChatContract, tape: Taped) -> None:
    model, mutant = contract.play(tape, tape.answer(), stream=False)
    heard = await hear(model)
    require(heard.whole().content or heard.whole().finish_reason != "stop", "the answer has no content")
    check_finish_reason(heard.whole(), tape)
    require_equal("steps before the answer", len(heard.deltas), 0)
    require_equal("answers left open", mutant.unclosed, 0)


@case("An answer in one piece counts its tokens", bodies, _A_BODY)
async def body_usage(contract: ChatContract, tape: Taped) -> None:
    model, _ = contract.play(tape, tape.answer(), stream=False)
    check_usage((await hear(model)).whole(), tape)


@case("An answer in one piece says the same when a stream was asked for", bodies, _A_BODY)
async def body_instead_of_stream(contract: ChatContract, tape: Taped) -> None:
    wanted = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer(), stream=True)
    require_equal("the answer", told((await hear(model)).whole(), tape.body), wanted)


@case("A stream says the same when none was asked for", streams, A_STREAM)
async def stream_instead_of_body(contract: ChatContract, tape: Taped) -> None:
    wanted = await contract.expected(tape)
    model, _ = contract.play(tape, tape.answer(tape.frames), stream=False)
    heard = await hear(model)
    require_equal("steps before the answer", len(heard.deltas), 0)
    require_equal("the answer", told(heard.whole(), tape.body), wanted)


@case("A body that is cut off, or is no API's, is a ResponseDecodeError", a_stream, A_STREAM)
async def unreadable_body(contract: ChatContract, tape: Taped) -> None:
    page = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"
    for data, kind in ((b'{"unfinished": [', "application/json"), (page, "text/html")):
        for stream in (True, False):
            answer = MutantAnswer(200, {"content-type": kind}, (data,))
            model, _ = contract.play(tape, answer, stream=stream, max_retries=0)
            heard = await hear(model)
            require(
                isinstance(heard.error, ResponseDecodeError),
                f"{data[:20]!r} with stream={stream} gives {heard.error or heard.last!r}",
            )


CASES: tuple[Case[Any], ...] = (
    whole_body,
    body_usage,
    body_instead_of_stream,
    stream_instead_of_body,
    unreadable_body,
)
