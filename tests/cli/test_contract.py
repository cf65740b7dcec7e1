"""`modelport contract`, as a process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CASSETTES = ROOT / "fixtures" / "cassettes"


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return modelport("contract", *arguments, cwd=cwd)


def modelport(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modelport", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env={"PYTHONPATH": str(ROOT)})


def test_a_table_for_each_class() -> None:
    found = run("openai", "--case", "budget")
    assert found.returncode == 0, found.stderr
    assert "ChatContract of OpenAIChatModel" in found.stdout and "ChatContract of OpenAIResponseModel" in found.stdout
    assert "FormatterContract" not in found.stdout
    assert "1 held in " in found.stderr


def test_everything_as_json() -> None:
    found = run("moonshot", "--json", "--cassettes", str(CASSETTES / "moonshot"))
    assert found.returncode == 0, found.stderr
    whole = json.loads(found.stdout)
    assert whole["provider"] == "moonshot" and whole["counts"]["broken"] == 0 and whole["counts"]["held"] > 200
    subjects = [report["subject"] for report in whole["reports"]]
    assert subjects == ["MoonshotChatModel", "MoonshotChatFormatter", "MoonshotMultiAgentFormatter"]
    assert all(report["held"] for report in whole["reports"])


def test_classes_without_a_cassette_in_the_folder_are_named_and_not_checked(tmp_path: Path) -> None:
    found = run("openai", "--case", "budget", "--json", "--cassettes", str(CASSETTES / "openai"))
    assert found.returncode == 0, found.stdout
    whole = json.loads(found.stdout)
    assert [report["subject"] for report in whole["reports"]] == ["OpenAIChatModel"]
    assert {"OpenAIResponseModel", "OpenAITTSModel", "OpenAIEmbeddingModel"} < whole["not_checked"].keys()
    reason = "no cassette is of the endpoint …/responses; there is …/completions"
    assert f"OpenAIResponseModel was not checked: {reason}" in found.stderr

    found = run("openai", "--case", "budget", "--cassettes", str(CASSETTES / "anthropic"))
    assert found.returncode == 2 and "none of the provider's classes can be checked: OpenAIChat" in found.stderr


def test_what_is_broken_makes_the_status_1(tmp_path: Path) -> None:
    cassette = yaml.safe_load((CASSETTES / "moonshot" / "stream.yaml").read_text())
    body = cassette["interactions"][0]["response"]["body"]
    body["string"] = body["string"].partition('"finish_reason":"stop"')[0].rpartition("data: ")[0]
    (tmp_path / "stream.yaml").write_text(yaml.safe_dump(cassette))
    found = run("moonshot", "--cassettes", str(tmp_path), "--case", "stream_adds_up")
    assert found.returncode == 1
    assert "broken" in found.stdout and "StreamTruncatedError" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "unknown provider 'nowhere'; there are anthropic"),
        (("moonshot", "--case", "unheard_of"), "unknown case 'unheard_of'; expected one of any_history"),
        (("moonshot", "--cassettes", "/nowhere"), "no cassettes of moonshot in /nowhere; name their folder"),
    ],
)
def test_mistakes_are_reported_in_a_line(arguments: tuple[str, ...], words: str) -> None:
    found = run(*arguments)
    assert found.returncode == 2 and words in found.stderr and "Traceback" not in found.stderr


def test_cassettes_are_found_from_here(tmp_path: Path) -> None:
    assert "no cassettes of moonshot in cassettes/moonshot or " in run("moonshot", cwd=tmp_path).stderr
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "moonshot").symlink_to(CASSETTES / "moonshot")
    assert run("moonshot", "--case", "budget", cwd=tmp_path).returncode == 0


def test_the_guides_provider_of_a_settings_file_is_listed_and_holds(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "add-a-provider.md").read_text(encoding="utf-8")
    profile, model, card, cassette = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    credentials = "credentials:\n  quay: {provider: harbour, api_key: any}\n"
    for name, text in {
        "modelport.yaml": profile + model + credentials,
        "harbour/models/tug-7b.yaml": card,
        "fixtures/cassettes/harbour/stream.yaml": cassette,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    config = "--config", "modelport.yaml"

    listed = modelport("models", *config, "--provider", "harbour", "--json", cwd=tmp_path)
    assert [each["name"] for each in json.loads(listed.stdout)] == ["tug-7b"], listed.stderr
    rows = json.loads(modelport("credentials", *config, "--json", cwd=tmp_path).stdout)
    assert ("quay", "harbour", True) in [(row["name"], row["provider"], row["configured"]) for row in rows]
    found = run("harbour", *config, cwd=tmp_path)
    assert found.returncode == 0, found.stdout
    assert "ChatContract of HarbourChatModel" in found.stdout
