"""`modelport transcribe`: the text on stdout, times, JSON, and errors as one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelport.cli.app import commands
from modelport.testing.providers import answer_provider
from modelport.testing.servers.http import ScriptedServer
from tests.adapters.transcription.support import WAV


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An audio file, and settings whose provider is on this machine."""
    (tmp_path / "a.wav").write_bytes(WAV)
    monkeypatch.chdir(tmp_path)
    with ScriptedServer(answer_provider).in_thread() as server:
        credentials = {"openai": {"api_key": "sk-of-the-test-PlantedWord7", "base_url": server.base_url}}
        (tmp_path / "here.yaml").write_text(json.dumps({"credentials": credentials}))
        yield tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    """The status, and what was written to stdout and stderr."""
    given = arguments if "--config" in arguments else (*arguments, "--config", "here.yaml")
    result = CliRunner().invoke(commands, ["transcribe", *given], standalone_mode=False)
    status = result.return_value if result.exception is None else 1
    return int(status or 0), result.stdout, f"{result.stderr}{result.exception or ''}"


def test_the_text_and_its_times(folder: Path) -> None:
    status, out, _ = run("a.wav", "--model", "openai/gpt-transcribe", "--language", "en")
    assert (status, out) == (0, "The train leaves at nine.\n")
    status, out, _ = run("a.wav", "--model", "openai/whisper-1", "--times")
    assert (status, out) == (0, "[00:00.0 - 00:01.5] The train leaves at nine.\n")


def test_json(folder: Path) -> None:
    status, out, _ = run("a.wav", "--model", "openai/gpt-transcribe", "--json")
    described = json.loads(out)
    assert status == 0 and described["text"] == "The train leaves at nine."
    assert described["segments"][0]["end_ms"] == 1500 and described["provider"] == "openai"


SRT = "1\n00:00:00,000 --> 00:00:01,500\nThe train leaves at nine.\n"
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nThe train leaves at nine.\n"


@pytest.mark.parametrize(("form", "wanted"), [("srt", SRT), ("vtt", VTT), ("text", "The train leaves at nine.\n")])
def test_subtitles_on_stdout_and_in_a_file(folder: Path, form: str, wanted: str) -> None:
    status, out, _ = run("a.wav", "--model", "openai/whisper-1", "--format", form)
    assert (status, out) == (0, wanted)
    status, out, err = run("a.wav", "--model", "openai/whisper-1", "--format", form, "--out", "talk.txt")
    assert (status, out, (folder / "talk.txt").read_text()) == (0, "", wanted) and "25 characters in talk.txt" in err


def test_subtitles_need_times(folder: Path) -> None:
    status, out, err = run("a.wav", "--model", "openai/gpt-4o-transcribe", "--format", "json")
    assert (status, json.loads(out)["text"]) == (0, "The train leaves at nine.")
    settings = json.loads((folder / "here.yaml").read_text())
    settings["stt"] = {"ear": {"provider": "openai", "model": "gpt-4o-transcribe", "stream": True}}
    (folder / "here.yaml").write_text(json.dumps(settings))
    status, out, err = run("a.wav", "--model", "ear", "--format", "srt")
    assert status != 0 and out == "" and "need a transcript with times" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["b.wav", "--model", "openai/gpt-transcribe"], "cannot be read"),
        (["a.wav", "--model", "openai/gpt-transcribe", "--config", "none.yaml"], "none.yaml"),
    ],
)
def test_errors_are_said(folder: Path, arguments: list[str], says: str) -> None:
    status, out, err = run(*arguments)
    assert status != 0 and out == "" and says in err


def test_without_a_model_the_recogniser_in_this_process_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelport.cli.choice.find_spec", lambda name: None)
    status, out, err = run("a.wav")
    assert (status, out) == (2, "") and "no model is named" in err
    assert "pip install 'modelport[embedded-recognition]'" in err


@pytest.mark.parametrize("place", ["missing/talk.txt", "."])
def test_a_file_that_cannot_be_written_is_refused_before_a_request(folder: Path, place: str) -> None:
    status, out, err = run("missing.wav", "--model", "openai/whisper-1", "--out", place)
    assert (status, out) == (1, "")
    assert f"--out {place}: this" in err
