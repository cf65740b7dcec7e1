"""The rules of the strict server against recorded traffic, a table of illegal bodies, and bodies of no shape at all."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from modelport.testing.servers.strict import APIS, FURTHER_APIS, rules_of, violations_of
from modelport.testing.servers.strict.common import Json
from tests.testing.strict import (
    cases_anthropic,
    cases_chat,
    cases_gemini,
    cases_ollama,
    cases_responses,
    cases_servers,
)
from tests.testing.strict.case import Case
from tests.testing.strict.legal_bodies import LEGAL, Legal

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings"
RECORDED_TARGETS = {
    "openai-chat": "openai_chat",
    "openai-responses": "openai_responses",
    "anthropic-messages": "anthropic",
    "dashscope-compatible": "dashscope",
    "deepseek": "deepseek",
    "gemini": "gemini",
    "moonshot": "moonshot",
    "xai-responses": "xai",
    "ollama-chat": "ollama",
    "xai": "xai_chat",
    "ollama-compatible": "ollama_compatible",
}
# Accepted by the server and wrong all the same, with the rule that says so.
EXCUSED = {
    # The tool is nested as in Chat Completions: the server drops its schema without a word.
    "openai-responses--o3-pro-object-streaming-0e4084": "tool-nested-function",
}
# Refused by the server for the shape of the body, with the rule that foresees it.
REFUSED = {
    "dashscope-compatible--json-object-needs-word-json-c608a0": "json-word",
    "deepseek--wire-shape-matrix-blocking-pdf-document-part-reaches-the-wir-cb7e08": "part-type-model",
    "deepseek--wire-shape-matrix-blocking-video-part-reaches-the-wire-2247c6": "part-type",
    "gemini--gemini-2-5-flash-image-object-basic-0daaac": "json-image-model",
    "moonshot--temperature-0-3-rejected-9432d6": "sampling-model",
    "openai-responses--multimodal-tool-return-matrix-tool-return-content-url-force-d9893e": "file-media",
}

CASES: tuple[Case, ...] = (
    *cases_chat.CASES,
    *cases_servers.CASES,
    *cases_responses.CASES,
    *cases_anthropic.CASES,
    *cases_gemini.CASES,
    *cases_ollama.CASES,
)
OK = 200
# Values that fit nowhere; unhashable types among them.
JUNK: tuple[Json, ...] = (None, True, 7, "x", [], {}, [None], [[]], [{}], {"type": []}, [{"type": {}}])
# A shared case counts for each server that has the rule.
EXPECTATIONS = [(target, case) for case in CASES for target in case.targets if case.rule in rules_of(target)]


@pytest.mark.parametrize(("target", "case"), EXPECTATIONS, ids=lambda value: getattr(value, "rule", value))
def test_illegal_body_is_refused_for_its_reason(target: str, case: Case) -> None:
    found = violations_of(target, case.body, case.model)
    names = {violation.rule for violation in found}
    assert case.rule in names
    assert names <= {case.rule} | case.also, found
    assert all(violation.source == rules_of(target)[violation.rule] for violation in found)
    assert all(violation.path.startswith("$") and violation.message for violation in found)


@pytest.mark.parametrize("target", [*APIS, *FURTHER_APIS])
def test_every_declared_rule_has_an_illegal_body(target: str) -> None:
    exercised = {case.rule for name, case in EXPECTATIONS if name == target}
    assert exercised == set(rules_of(target))


@pytest.mark.parametrize("target", [*APIS, *FURTHER_APIS])
def test_every_rule_names_a_heading(target: str) -> None:
    for source in rules_of(target).values():
        assert re.match(r"docs/protocols/[a-zA-Z-]+\.md#\S", source)


@pytest.mark.parametrize("legal", LEGAL, ids=lambda legal: legal.target)
def test_legal_body_is_accepted(legal: Legal) -> None:
    assert violations_of(legal.target, legal.body, legal.model) == []


def _places(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    keys: Iterable[str | int] = ()
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield from _places(value[key], (*path, key))


def _replaced(body: Json, path: tuple[str | int, ...], value: Json) -> Json:
    if not path:
        return value
    changed = copy.deepcopy(body)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("legal", LEGAL, ids=lambda legal: legal.target)
def test_no_shape_makes_the_check_fail(legal: Legal) -> None:
    for path in _places(legal.body):
        for junk in JUNK:
            violations_of(legal.target, _replaced(legal.body, path, junk), legal.model)


def _answered() -> list[Path]:
    """Recordings of requests with a body that the server answered; the folder itself if there are none."""
    found = []
    for folder in RECORDED_TARGETS:
        for path in sorted((RECORDINGS / folder).glob("*.json")):
            recording = json.loads(path.read_text(encoding="utf-8"))
            if recording["request"]["body"] is not None and recording["response"]["status"] == OK:
                found.append(path)
    return found or [RECORDINGS]  # an empty list would hide the reason for skipping


def _recorded_rules(path: Path) -> set[str]:
    recording = json.loads(path.read_text(encoding="utf-8"))
    # The model of a Gemini request stands only in its URL.
    named = re.search(r"/models/([^:/?]+):", recording["request"]["url"])
    model = named[1] if named else None
    target = RECORDED_TARGETS[path.parent.name]
    return {violation.rule for violation in violations_of(target, recording["request"]["body"], model)}


needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recorded provider traffic is kept outside this repository"
)


@needs_recordings
@pytest.mark.parametrize("path", _answered(), ids=lambda path: path.stem)
def test_recorded_request_that_was_answered_is_legal(path: Path) -> None:
    excuse = EXCUSED.get(path.stem)
    assert _recorded_rules(path) == ({excuse} if excuse else set())


@needs_recordings
@pytest.mark.parametrize(("name", "rule"), REFUSED.items())
def test_recorded_refusal_is_foreseen(name: str, rule: str) -> None:
    assert rule in _recorded_rules(RECORDINGS / name.split("--")[0] / f"{name}.json")
