"""One answer: its vectors whatever the network does to its bytes, their number, their order, and what is no answer."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ....domain.errors import EmbeddingError, ModelError, ResponseDecodeError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.frames import cut_positions, with_unknown_fields
from ..core.mutated_transport import End, MutantAnswer
from ..core.recordings import Taped
from ..model.asking_over import A_REFUSAL, AN_ANSWER, a_good, good, refusals
from ..model.model_contract import Answered, OneAfterTheOther, require_error
from .echo_transport import embed
from .response_template import Template, numbers_of

if TYPE_CHECKING:
    from .contract import EmbeddingContract

__all__ = ["CASES"]

_COUNT = re.compile(rb'"[A-Za-z_]*(?:token|eval_count)[A-Za-z_]*"\s*:\s*([1-9]\d*)', re.IGNORECASE)
_PAGE = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"


@case("An answer gives one vector for each input, in plain lists of numbers", good, AN_ANSWER)
async def whole_answer(contract: EmbeddingContract, tape: Taped) -> str:
    played = contract.play(tape, tape.answer())
    answered = await played.ask()
    vectors, _ = answered.whole()
    response = answered.response
    sizes = sorted({len(vector) for vector in vectors})
    require(vectors and sizes[0] > 0, "the answer has no vectors, or empty ones")
    require(all(type(number) is float for vector in vectors for number in vector), "a vector holds no plain floats")
    require_equal("requests", len(played.wire.requests), 1)
    require_equal("attempts", [one.status_code for one in response.attempts], [tape.status])
    require_equal("source", response.source, "api")
    require(response.provider and response.model, "the response does not say who was asked")
    require_equal("answers left open", played.wire.unclosed, 0)
    return f"{len(vectors)} vectors of {', '.join(map(str, sizes))} numbers"


@case("The vectors are those of the answer, each in its place", good, AN_ANSWER)
async def recorded_vectors(contract: EmbeddingContract, tape: Taped) -> str:
    vectors, _ = await contract.expected(tape)
    recorded = [np.asarray(numbers_of(vector), dtype=np.float32) for vector in _template(tape).vectors]
    found = [np.asarray(vector, dtype=np.float32) for vector in vectors]
    if all(map(np.array_equal, found, recorded)):
        return "as they are"
    require_equal("sizes", [len(vector) for vector in found], [len(vector) for vector in recorded])
    for number, (one, other) in enumerate(zip(found, recorded, strict=True)):
        same = np.allclose(_unit(one), _unit(other), atol=1e-6)
        require(same, f"vector {number} has another direction: {one[:3]} instead of {other[:3]}")
        require(np.allclose(one, _unit(one), atol=1e-6), f"vector {number} is changed, and not to unit length")
    return "at unit length"


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return vector / np.float32(np.linalg.norm(vector))


@case("The tokens are counted where the server counts them", good, AN_ANSWER)
async def usage(contract: EmbeddingContract, tape: Taped) -> None:
    counts = sorted({int(found) for found in _COUNT.findall(tape.body)})
    answered = await contract.play(tape, tape.answer()).ask()
    _, used = answered.whole()
    require(used is not None, "the response has no usage")
    require(answered.response.usage.time >= 0, "the call took negative time")
    if not counts:
        require_equal("tokens, of which the server says nothing", used.tokens, 0)
        raise NotApplicableError("the server counts no tokens here")
    require(used.tokens > 0, f"the server counts tokens ({counts}), and usage says {used.tokens}")


@case("Bytes cut in two at any place give the same vectors", good, AN_ANSWER)
async def cut_in_two(contract: EmbeddingContract, tape: Taped) -> str:
    cuts = cut_positions([tape.body], contract.limit)
    await _all_same(contract, tape, ((tape.body[:cut], tape.body[cut:]) for cut in cuts))
    return f"{len(cuts)} of {len(tape.body) - 1} places"


@case("Bytes that come one by one give the same vectors", good, AN_ANSWER)
async def one_byte_at_a_time(contract: EmbeddingContract, tape: Taped) -> None:
    await _all_same(contract, tape, [[tape.body[place : place + 1] for place in range(len(tape.body))]])


@case("Fields that nobody knows change nothing", good, AN_ANSWER)
async def unknown_fields(contract: EmbeddingContract, tape: Taped) -> None:
    body = json.dumps(json.loads(tape.body)).encode()  # in one line
    await _all_same(contract, tape, [[with_unknown_fields(body, "application/json")]])


async def _all_same(contract: EmbeddingContract, tape: Taped, bodies: Iterable[Sequence[bytes]]) -> None:
    wanted = await contract.expected(tape)
    for pieces in bodies:
        answered = await contract.play(tape, tape.answer(pieces)).ask()
        found = answered.whole()
        what = f"vectors and usage, after a first piece that ends with {bytes(pieces[0][-40:])!r}"
        require_equal(what, found, wanted)


@case("Vectors may come as base64 of float32 or as numbers, whatever was asked for", good, AN_ANSWER)
async def either_form(contract: EmbeddingContract, tape: Taped) -> None:
    template = _template(tape)
    if not any(each is not None and each.form == "base64" for each in map(Template.of, contract.good())):
        raise NotApplicableError("no cassette has a vector in base64")
    for change in (numbers_of, _as_base64):
        await _all_same_vectors(contract, tape, template.with_vectors([change(vector) for vector in template.vectors]))


def _as_base64(vector: Any) -> str:  # Any: a vector as it is written
    numbers = numbers_of(vector)
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


async def _all_same_vectors(contract: EmbeddingContract, tape: Taped, body: bytes) -> None:
    wanted, _ = await contract.expected(tape)
    found, _ = (await contract.play(tape, tape.answer([body])).ask()).whole()
    require_equal("the vectors", found, wanted)


@case("Vectors are placed by their index where they have one", good, AN_ANSWER)
async def order_by_index(contract: EmbeddingContract, tape: Taped) -> None:
    template = _template(tape)
    if not template.indices or template.count == 1:
        raise NotApplicableError("the entries of the answer have no index, or there is one")
    await _all_same_vectors(contract, tape, template.with_entries(template.entries[::-1]))


@case("Another number of vectors than of inputs is a ResponseDecodeError", good, AN_ANSWER)
async def vectors_are_counted(contract: EmbeddingContract, tape: Taped) -> None:
    template = _template(tape)
    entries = template.entries
    for wrong in ([*entries, entries[-1]], entries[:-1], []):
        answered = await _decoded(contract, tape, template.with_entries(wrong))
        error = require_error(answered, ResponseDecodeError, f"{len(wrong)} vectors for {len(entries)} inputs")
        require(isinstance(error, EmbeddingError), f"{error!r} is no EmbeddingError")
        missing = getattr(error, "missing_indices", None)
        require_equal("missing_indices", missing, tuple(range(len(entries))))


@case("What is no answer of the API's is a ResponseDecodeError", a_good, AN_ANSWER)
async def unreadable_body(contract: EmbeddingContract, tape: Taped) -> None:
    template = _template(tape)
    bad: list[Any] = [[], [None, 1.0], ["x"], "?", {}, None]
    spoiled = [template.with_vectors([each] * template.count) for each in bad]
    half = tape.body[: len(tape.body) // 2]
    for body in (b"{}", b"[]", b"", half, _PAGE, *spoiled):
        answered = await _decoded(contract, tape, body)
        require_error(answered, ResponseDecodeError, f"{body[:60]!r}")


@case("An answer whose connection breaks is an error, and is asked for again", good, AN_ANSWER)
async def connection_breaks(contract: EmbeddingContract, tape: Taped) -> str:
    wanted = await contract.expected(tape)
    places = cut_positions([tape.body], max(2, contract.limit // 6))
    for place in places:
        broken = tape.answer([tape.body[:place]], End.BROKEN)
        answered = await contract.play(tape, broken, max_retries=0).ask()
        require_error(answered, ModelError, f"a connection that breaks after {place} bytes")
        played = contract.play(tape, broken, tape.answer(), max_retries=1)
        require_equal("the answer to the second request", (await played.ask()).whole(), wanted)
        require_equal("answers left open", played.wire.unclosed, 0)
    return f"{len(places)} places"


@case("An error with a status of success is an error all the same", refusals, A_REFUSAL)
async def error_as_success(contract: EmbeddingContract, tape: Taped) -> None:
    for status in (200, 201):
        answer = MutantAnswer(status, tape.headers, (tape.body,))
        answered = await contract.play(tape, answer, max_retries=0).ask()
        require_error(answered, ModelError, f"{tape.body[:80]!r} with status {status}")


async def _decoded(contract: EmbeddingContract, tape: Taped, body: bytes) -> Answered:
    """What comes of this body, when as many inputs were sent as were recorded."""
    wire = OneAfterTheOther(tape.answer([body]))
    model = contract.model_on(wire, tape.model, max_retries=0)
    answered = await embed(model, [f"text {number}" for number in range(_template(tape).count)])
    require_equal("answers left open", wire.unclosed, 0)
    return answered


def _template(tape: Taped) -> Template:
    template = Template.of(tape)
    if template is None:
        raise NotApplicableError("the vectors of this answer are not found")
    return template


CASES: tuple[Case[Any], ...] = (
    whole_answer,
    recorded_vectors,
    usage,
    cut_in_two,
    one_byte_at_a_time,
    unknown_fields,
    either_form,
    order_by_index,
    vectors_are_counted,
    unreadable_body,
    connection_breaks,
    error_as_success,
)
