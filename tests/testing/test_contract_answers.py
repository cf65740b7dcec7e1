"""What the contracts of embeddings and speech make of cassettes: answers to any batch, and conversations retold."""

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
from modelport.testing.contract.core.mutated_transport import End, MutantAnswer
from modelport.testing.contract.core.recordings import Taped, load
from modelport.testing.contract.embedding.response_template import Template, numbers_of
from modelport.testing.contract.speech.recordings import Conversed, TalkMutant, conversed
from tests.cassettes import CASSETTES

TAPES = [tape for folder in sorted(CASSETTES.glob("*_embedding")) for tape in load(folder) if tape.succeeded]
TALKS = {talk.name: talk for talk in conversed(CASSETTES.with_name("websocket") / "dashscope_cosyvoice")}


def template_of(tape: Taped) -> Template:
    template = Template.of(tape)
    assert template is not None
    return template


@pytest.mark.parametrize("tape", TAPES, ids=lambda tape: f"{tape.model}-{tape}")
def test_inputs_and_vectors_are_found_on_every_cassette(tape: Taped) -> None:
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


def tape_of(tmp_path: Path, asked: Any, told: Any) -> Taped:
    entry = {
        "request": {"method": "POST", "uri": "https://host/v9/embed", "body": json.dumps(asked), "headers": {}},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": json.dumps(told)}},
    }
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"version": 1, "interactions": [entry]}))
    return load(tmp_path)[0]


BASE64 = base64.b64encode(struct.pack("<2f", 0.5, 1.0)).decode()


@pytest.mark.parametrize(
    ("asked", "told", "form"),
    [
        ({"texts": ["a"], "tags": ["x", "y"]}, {"vectors": [[0.5, 1.0]]}, "list"),
        ({"batch": {"items": [{"q": "a"}]}}, {"result": {"rows": [{"v": {"dense": BASE64}, "n": 0}]}}, "base64"),
    ],
)
def test_other_forms_are_learned_too(tmp_path: Path, asked: Any, told: Any, form: str) -> None:
    template = template_of(tape_of(tmp_path, asked, told))
    assert template.form == form
    assert [numbers_of(vector) for vector in template.vectors] == [[0.5, 1.0]]


@pytest.mark.parametrize("told", [{"answer": "no vectors"}, [], {"rows": [{"text": "abcdefgh"}]}, {"v": [[1, "a"]]}])
def test_what_has_no_vectors_teaches_nothing(tmp_path: Path, told: Any) -> None:
    assert Template.of(tape_of(tmp_path, {"texts": ["a"]}, told)) is None


# ---- conversations


def message(action: str, task: str, text: str | None = None) -> str:
    payload = {"input": {"text": text} if text else {}}
    return json.dumps({"header": {"action": action, "task_id": task}, "payload": payload})


async def heard(talk: Conversed, *said: str, end: End = End.WHOLE, cut: int | None = None) -> list[Any]:
    mutant = TalkMutant(talk.answer(talk.frames[:cut], end))
    line = await mutant.connect(WebSocketRequest("wss://host/inference"))
    for one in said:
        await line.send(one)
    found: list[Any] = []
    try:
        async with asyncio.timeout(0.05):
            while True:
                found.append(await line.receive())
    except TimeoutError:
        found.append("silence")
    except WebSocketClosed as closed:
        found.append(closed.code)
    await line.aclose()
    assert mutant.unclosed == 0
    return found


async def test_the_server_speaks_when_the_client_has_come_so_far_however_many_pieces_of_text() -> None:
    talk, count = TALKS["speech"], len(TALKS["speech"].frames)
    begun = await heard(talk, message("run-task", "mine"))
    assert len(begun) == 2 and '"task_id":"mine"' in begun[0] and begun[1] == "silence"
    pieces = [message("continue-task", "mine", text) for text in ("The ", "bell ", "rings.")]
    whole = await heard(talk, message("run-task", "mine"), *pieces, message("finish-task", "mine"))
    assert len(whole) == count + 1
    assert b"".join(one for one in whole if isinstance(one, bytes))


async def test_a_cut_conversation_is_closed_lost_or_silent() -> None:
    said = [message(action, "t", text) for action, text in (("run-task", None), ("continue-task", "a"))]
    ends = [(await heard(TALKS["speech"], *said, end=end, cut=1))[-1] for end in End]
    assert ends == [1000, 1006, "silence"]


async def test_failures_are_told_by_the_recording() -> None:
    assert {name for name, talk in TALKS.items() if talk.fails} == {"task_failed", "throttled", "timeout"}
    unauthorized = next(conversed(CASSETTES.with_name("websocket") / "dashscope_realtime" / "unauthorized.yaml"))
    answer = unauthorized.answer()
    assert isinstance(answer, MutantAnswer)
    assert answer.status == unauthorized.status == 401
