"""Cassettes of the embedding and speech contracts: answers to any batch, and replayed conversations."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelport.ports.websocket import WebSocketClosed, WebSocketRequest
from modelport.testing.contract.core.mutated_transport import End, MutatedAnswer
from modelport.testing.contract.core.recordings import Recording, load
from modelport.testing.contract.embedding.response_template import Template, numbers_of
from modelport.testing.contract.speech.recordings import MutatedConnector, RecordedConversation, load_conversations
from tests.cassettes import CASSETTES

TAPES = [tape for folder in sorted(CASSETTES.glob("*_embedding")) for tape in load(folder) if tape.succeeded]
TALKS = {talk.name: talk for talk in load_conversations(CASSETTES.with_name("websocket") / "dashscope_cosyvoice")}


def template_of(tape: Recording) -> Template:
    template = Template.of(tape)
    assert template is not None
    return template


@pytest.mark.parametrize("tape", TAPES, ids=lambda tape: f"{tape.model}-{tape}")
def test_inputs_and_vectors_are_found_on_every_cassette(tape: Recording) -> None:
    template = template_of(tape)
    request = json.dumps(template.request).encode()
    assert len(template.inputs(request)) == template.count == len(template.vectors)
    assert len({len(numbers_of(vector)) for vector in template.vectors}) == 1
    assert json.loads(template.with_entries(template.entries)) == json.loads(tape.body)


@given(texts=st.lists(st.text(), min_size=1, max_size=20))
def test_any_batch_is_answered_in_its_order(texts: list[str]) -> None:
    template = template_of(next(tape for tape in TAPES if tape.ending == "embeddings" and tape.name == "text"))
    answer = json.loads(template.echo(json.dumps({"model": "m", "input": texts}).encode()))
    assert [entry["index"] for entry in answer["data"]] == list(range(len(texts)))
    vectors = [tuple(numbers_of(entry["embedding"])) for entry in answer["data"]]
    assert {text: vector for text, vector in zip(texts, vectors, strict=True)} == dict(zip(texts, vectors, strict=True))
    assert len(set(vectors)) == len(set(texts))


def tape_of(tmp_path: Path, asked: Any, answer: Any) -> Recording:
    entry = {
        "request": {"method": "POST", "uri": "https://host/v9/embed", "body": json.dumps(asked), "headers": {}},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": json.dumps(answer)}},
    }
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"version": 1, "interactions": [entry]}))
    return load(tmp_path)[0]


BASE64 = base64.b64encode(struct.pack("<2f", 0.5, 1.0)).decode()


@pytest.mark.parametrize(
    ("asked", "answer", "form"),
    [
        ({"texts": ["a"], "tags": ["x", "y"]}, {"vectors": [[0.5, 1.0]]}, "list"),
        ({"batch": {"items": [{"q": "a"}]}}, {"result": {"rows": [{"v": {"dense": BASE64}, "n": 0}]}}, "base64"),
    ],
)
def test_other_forms_are_found_too(tmp_path: Path, asked: Any, answer: Any, form: str) -> None:
    template = template_of(tape_of(tmp_path, asked, answer))
    assert template.form == form
    assert [numbers_of(vector) for vector in template.vectors] == [[0.5, 1.0]]


@pytest.mark.parametrize("answer", [{"answer": "no vectors"}, [], {"rows": [{"text": "abcdefgh"}]}, {"v": [[1, "a"]]}])
def test_an_answer_without_vectors_gives_no_template(tmp_path: Path, answer: Any) -> None:
    assert Template.of(tape_of(tmp_path, {"texts": ["a"]}, answer)) is None


# ---- conversations


def message(action: str, task: str, text: str | None = None) -> str:
    payload = {"input": {"text": text} if text else {}}
    return json.dumps({"header": {"action": action, "task_id": task}, "payload": payload})


async def received(talk: RecordedConversation, *sent: str, end: End = End.WHOLE, cut: int | None = None) -> list[Any]:
    connector = MutatedConnector(talk.answer(talk.frames[:cut], end))
    connection = await connector.connect(WebSocketRequest("wss://host/inference"))
    for one in sent:
        await connection.send(one)
    found: list[Any] = []
    try:
        async with asyncio.timeout(0.05):
            while True:
                found.append(await connection.receive())
    except TimeoutError:
        found.append("silence")
    except WebSocketClosed as closed:
        found.append(closed.code)
    await connection.aclose()
    assert connector.unclosed == 0
    return found


async def test_the_server_answers_when_the_client_has_reached_its_stage_however_many_pieces_of_text() -> None:
    talk, count = TALKS["speech"], len(TALKS["speech"].frames)
    begun = await received(talk, message("run-task", "mine"))
    assert len(begun) == 2 and '"task_id":"mine"' in begun[0] and begun[1] == "silence"
    pieces = [message("continue-task", "mine", text) for text in ("The ", "bell ", "rings.")]
    whole = await received(talk, message("run-task", "mine"), *pieces, message("finish-task", "mine"))
    assert len(whole) == count + 1
    assert b"".join(one for one in whole if isinstance(one, bytes))


async def test_a_cut_conversation_is_closed_lost_or_silent() -> None:
    sent = [message(action, "t", text) for action, text in (("run-task", None), ("continue-task", "a"))]
    ends = [(await received(TALKS["speech"], *sent, end=end, cut=1))[-1] for end in End]
    assert ends == [1000, 1006, "silence"]


async def test_a_recording_knows_whether_the_server_reported_a_failure() -> None:
    assert {name for name, talk in TALKS.items() if talk.fails} == {"task_failed", "throttled", "timeout"}
    cassette = CASSETTES.with_name("websocket") / "dashscope_realtime" / "unauthorized.yaml"
    unauthorized = next(load_conversations(cassette))
    answer = unauthorized.answer()
    assert isinstance(answer, MutatedAnswer)
    assert answer.status == unauthorized.status == 401
