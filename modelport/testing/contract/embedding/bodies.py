"""One answer: its vectors, their number and order, however its bytes are cut; and answers that cannot be decoded."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from ....domain.errors import EmbeddingError, ModelError, ResponseDecodeError
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.frames import cut_positions, with_unknown_fields
from ..core.mutated_transport import End, MutatedAnswer, MutatedTransport
from ..core.recordings import Recording
from ..model.byte_changes import require_same
from ..model.model_contract import CallResult, require_error
from ..model.selectors import A_REFUSAL, AN_ANSWER, good, refusals, simplest
from .base import EmbeddingContractBase
from .echo_transport import embed
from .response_template import Template, numbers_of

__all__ = ["CASES"]

_PAGE = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"


@case("An answer gives one vector for each input, in plain lists of numbers", good, AN_ANSWER)
async def whole_answer(contract: EmbeddingContractBase, tape: Recording) -> str:
    model, wire = contract.play(tape, tape.answer())
    result = await contract.ask(model, tape)
    vectors, _ = result.whole()
    response = result.response
    sizes = sorted({len(vector) for vector in vectors})
    require(vectors and sizes[0] > 0, "the answer has no vectors, or empty ones")
    require(
        all(type(number) is float for vector in vectors for number in vector),
        "a vector holds something else than plain floats",
    )
    require_equal("requests", len(wire.requests), 1)
    require_equal("attempts", [one.status_code for one in response.attempts], [tape.status])
    require_equal("source", response.source, "api")
    require(response.provider and response.model, "the response does not name provider and model")
    require_equal("answers left open", wire.unclosed, 0)
    return f"{len(vectors)} vectors of {', '.join(map(str, sizes))} numbers"


@case("The vectors are those of the answer, each in its place", good, AN_ANSWER)
async def recorded_vectors(contract: EmbeddingContractBase, tape: Recording) -> str:
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
async def usage(contract: EmbeddingContractBase, tape: Recording) -> None:
    counts = tape.token_counts
    result = await contract.call(tape, tape.answer())
    _, used = result.whole()
    require(used is not None, "the response has no usage")
    require(result.response.usage.time >= 0, "the call took negative time")
    if not counts:
        require_equal("tokens, which the server does not count", used.tokens, 0)
        raise NotApplicableError("the server counts no tokens here")
    require(used.tokens > 0, f"the server counts tokens ({counts}), but usage has {used.tokens}")


@case("Unknown fields change nothing", good, AN_ANSWER)
async def unknown_fields(contract: EmbeddingContractBase, tape: Recording) -> None:
    body = json.dumps(json.loads(tape.body)).encode()  # in one line
    await require_same(contract, tape, [[with_unknown_fields(body, "application/json")]])


@case("Vectors are read as base64 of float32 and as numbers, whichever was asked for", good, AN_ANSWER)
async def either_form(contract: EmbeddingContractBase, tape: Recording) -> None:
    template = _template(tape)
    if not any(each is not None and each.form == "base64" for each in map(Template.of, contract.good())):
        raise NotApplicableError("no cassette has a vector in base64")
    for change in (numbers_of, _as_base64):
        await _all_same_vectors(contract, tape, template.with_vectors([change(vector) for vector in template.vectors]))


def _as_base64(vector: Any) -> str:  # Any: a vector as it is written
    numbers = numbers_of(vector)
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


async def _all_same_vectors(contract: EmbeddingContractBase, tape: Recording, body: bytes) -> None:
    wanted, _ = await contract.expected(tape)
    found, _ = (await contract.call(tape, tape.answer([body]))).whole()
    require_equal("the vectors", found, wanted)


@case("Vectors are placed by their index where they have one", good, AN_ANSWER)
async def order_by_index(contract: EmbeddingContractBase, tape: Recording) -> None:
    template = _template(tape)
    if not template.indices or template.count == 1:
        raise NotApplicableError("the entries of the answer have no index, or there is one")
    await _all_same_vectors(contract, tape, template.with_entries(template.entries[::-1]))


@case("Another number of vectors than of inputs is a ResponseDecodeError", good, AN_ANSWER)
async def vectors_are_counted(contract: EmbeddingContractBase, tape: Recording) -> None:
    template = _template(tape)
    entries = template.entries
    for wrong in ([*entries, entries[-1]], entries[:-1], []):
        result = await _decoded(contract, tape, template.with_entries(wrong))
        error = require_error(result, ResponseDecodeError, f"{len(wrong)} vectors for {len(entries)} inputs")
        require(isinstance(error, EmbeddingError), f"{error!r} is not an EmbeddingError")
        missing = getattr(error, "missing_indices", None)
        require_equal("missing_indices", missing, tuple(range(len(entries))))


@case("A body that is not an answer of the API is a ResponseDecodeError", simplest, AN_ANSWER)
async def unreadable_body(contract: EmbeddingContractBase, tape: Recording) -> None:
    template = _template(tape)
    bad: list[Any] = [[], [None, 1.0], ["x"], "?", {}, None]
    spoiled = [template.with_vectors([each] * template.count) for each in bad]
    half = tape.body[: len(tape.body) // 2]
    for body in (b"{}", b"[]", b"", half, _PAGE, *spoiled):
        result = await _decoded(contract, tape, body)
        require_error(result, ResponseDecodeError, f"{body[:60]!r}")


@case("An answer whose connection breaks is an error, and is asked for again", good, AN_ANSWER)
async def connection_breaks(contract: EmbeddingContractBase, tape: Recording) -> str:
    wanted = await contract.expected(tape)
    places = cut_positions([tape.body], max(2, contract.limit // 6))
    for place in places:
        broken = tape.answer([tape.body[:place]], End.BROKEN)
        result = await contract.call(tape, broken, max_retries=0)
        require_error(result, ModelError, f"a connection that breaks after {place} bytes")
        model, wire = contract.play(tape, broken, tape.answer(), max_retries=1)
        require_equal("the answer to the second request", (await contract.ask(model, tape)).whole(), wanted)
        require_equal("answers left open", wire.unclosed, 0)
    return f"{len(places)} places"


@case("An error body with a status of success is an error", refusals, A_REFUSAL)
async def error_as_success(contract: EmbeddingContractBase, tape: Recording) -> None:
    for status in (200, 201):
        answer = MutatedAnswer(status, tape.headers, (tape.body,))
        result = await contract.call(tape, answer, max_retries=0)
        require_error(result, ModelError, f"{tape.body[:80]!r} with status {status}")


async def _decoded(contract: EmbeddingContractBase, tape: Recording, body: bytes) -> CallResult:
    """The result of this body, for as many inputs as were recorded."""
    wire = MutatedTransport(tape.answer([body]))
    model = contract.build(wire, tape.model, max_retries=0)
    result = await embed(model, [f"text {number}" for number in range(_template(tape).count)])
    require_equal("answers left open", wire.unclosed, 0)
    return result


def _template(tape: Recording) -> Template:
    template = Template.of(tape)
    if template is None:
        raise NotApplicableError("the vectors of this answer are not found")
    return template


CASES: tuple[Case[Any], ...] = (
    whole_answer,
    recorded_vectors,
    usage,
    unknown_fields,
    either_form,
    order_by_index,
    vectors_are_counted,
    unreadable_body,
    connection_breaks,
    error_as_success,
)
