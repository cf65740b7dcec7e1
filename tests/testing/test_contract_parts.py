"""What the contract suite is made of: frames, the transport that plays mutants, and cassettes that do not fit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.credential import MoonshotCredential
from modelport.error import ModelConnectionError
from modelport.model import MoonshotChatModel
from modelport.testing import ChatContract, FormatterContract, Status
from modelport.testing.contract.core.frames import cut_positions, frames_of, with_line_ends, with_unknown_fields
from modelport.testing.contract.core.mutated_transport import End, MutatedAnswer, MutatedTransport
from modelport.testing.contract.core.recordings import load
from modelport.testing.contract.core.secrets import SECRET, with_known_secrets
from modelport.transport import HttpRequest
from tests.cassettes import CASSETTES

SSE, NDJSON = "text/event-stream", "application/x-ndjson"
BODIES = st.lists(st.sampled_from([b"data: {}", b"\n", b"\r\n", b"\n\n", b": ping", b"\r"]), max_size=20).map(b"".join)
REQUEST = HttpRequest("POST", "http://127.0.0.1/")


@given(BODIES, st.sampled_from([SSE, NDJSON]))
def test_frames_add_up_to_the_body(body: bytes, content_type: str) -> None:
    frames = frames_of(body, content_type)
    assert b"".join(frames) == body and all(frames)


@given(st.lists(st.text(min_size=1).map(str.encode), min_size=1), st.integers(1, 50))
def test_cuts_are_inside_and_within_the_limit(frames: list[bytes], limit: int) -> None:
    cuts = cut_positions(frames, limit)
    size = sum(map(len, frames))
    assert cuts == sorted(set(cuts)) == cut_positions(frames, limit)
    assert len(cuts) <= min(limit, size - 1) and all(0 < cut < size for cut in cuts)
    assert len(cuts) == size - 1 or size - 1 > limit


def test_cuts_are_where_it_hurts() -> None:
    frames = ["data: né\n\n".encode()] * 40
    cuts = cut_positions(frames, 60)
    body = b"".join(frames)
    assert any(body[cut] & 0xC0 == 0x80 for cut in cuts) and any(body[:cut].endswith(b"\n\n") for cut in cuts)


def test_unknown_fields_leave_the_arguments_of_tools_alone() -> None:
    event = {"type": "a", "call": {"input": {"place": "Brest"}}, "choices": [{"delta": {"arguments": {}}}]}
    for frame, content_type in (
        (b"event: a\ndata: " + json.dumps(event).encode() + b"\n\n", SSE),
        (json.dumps(event).encode() + b"\n", NDJSON),
    ):
        changed = with_unknown_fields(frame, content_type)
        assert changed.startswith(frame[:1]) and changed.endswith(b"}\n\n" if content_type == SSE else b"}\n")
        value = json.loads(changed.partition(b"data: ")[2] or changed)
        assert "modelport_unknown" in value and "modelport_unknown" in value["call"]
        assert value["call"]["input"] == {"place": "Brest"} and value["choices"][0]["delta"] == {"arguments": {}}


def test_frames_without_an_object_are_unchanged() -> None:
    for frame in (b"data: [DONE]\n\n", b": ping\n\n", b"\n"):
        assert with_unknown_fields(frame, SSE) == frame
    assert with_line_ends(b"a\r\nb\n", b"\r\n") == b"a\r\nb\r\n"


async def test_a_mutant_plays_its_answers_and_then_the_last_again() -> None:
    mutant = MutatedTransport(MutatedAnswer(503), MutatedAnswer(200, {"x": "y"}, (b"a", b"", b"b")))
    assert [(await mutant.send(REQUEST)).status for _ in range(3)] == [503, 200, 200]
    assert (len(mutant.requests), mutant.unclosed) == (3, 3)
    response = await mutant.send(REQUEST)
    assert [piece async for piece in response] == [b"a", b"b"]
    assert (mutant.unclosed, mutant.sent) == (3, 2)
    await response.aclose()
    assert mutant.unclosed == 3


async def test_a_mutant_breaks_and_hangs() -> None:
    broken = MutatedTransport(MutatedAnswer(pieces=(b"a",), end=End.BROKEN))
    with pytest.raises(ModelConnectionError):
        assert [piece async for piece in await broken.send(REQUEST)] == [b"a"]
    assert broken.unclosed == 0
    connected: list[bool] = []
    for answer in (MutatedAnswer(connects=False), MutatedAnswer(answers=False)):
        silent = MutatedTransport(answer)
        sending = asyncio.create_task(silent.send(REQUEST, lambda: connected.append(True)))
        await silent.waiting.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert not silent.waiting.is_set()
    assert connected == [True]


def test_cassettes_know_their_model_and_their_frames() -> None:
    tapes = {tape.name: tape for tape in load(CASSETTES / "gemini")}
    assert tapes["stream"].model == "gemini-3.5-flash" and tapes["stream"].ending == "streamGenerateContent"
    assert tapes["stream"].streamed and not tapes["text"].streamed and not tapes["error"].succeeded
    assert "tool_round_trip-2" in tapes and b"".join(tapes["stream"].frames) == tapes["stream"].body


def test_keys_are_replaced_and_nothing_else() -> None:
    credential = MoonshotCredential(api_key="mine-PlantedWord7", name="harbour")
    known = with_known_secrets(credential)
    assert known.api_key.get_secret_value() == SECRET and known.name == "harbour"
    assert credential.api_key.get_secret_value() == "mine-PlantedWord7"
    assert with_known_secrets("no credential") == "no credential"


async def test_cassettes_that_do_not_fit_break_the_contract() -> None:
    words = "no cassette is of the endpoint …/completions; there is …/countTokens, …/generateContent"
    attributes = {
        "model": MoonshotChatModel,
        "credential": MoonshotCredential(api_key="test-PlantedWord7"),
        "cassettes": CASSETTES / "gemini",
    }
    report = await type("Mine", (ChatContract,), attributes)().run("stream_adds_up")
    assert not report.held and words in report.of(Status.BROKEN)[0].detail


async def test_a_formatter_may_be_the_models_own(tmp_path: Path) -> None:
    attributes = {
        "model": MoonshotChatModel,
        "credential": MoonshotCredential(api_key="test-PlantedWord7"),
        "cassettes": CASSETTES / "moonshot",
    }
    chat = type("Mine", (ChatContract,), attributes)
    report = await type("MyFormatter", (FormatterContract,), {"chat": chat})().run("system_stays")
    assert report.subject == "MoonshotChatFormatter" and report.held
    with pytest.raises(TypeError, match="needs `chat` or `formatter`"):
        _ = type("Neither", (FormatterContract,), {})().subject
