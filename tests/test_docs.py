"""Every snippet of the README and the guides works as printed, against a server on this machine."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from modelport.composition.settings_file import settings_from_mapping
from modelport.testing import offline_providers

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def snippets(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, block in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)):
            found.append((f"{page.relative_to(ROOT)}#{number}", block))
    return found


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Providers on this machine, and a folder of its own for what a snippet writes, with the fixtures in it."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    with wave.open("meeting.wav", "wb") as silence:
        silence.setparams((1, 2, 16_000, 0, "NONE", ""))
        silence.writeframes(bytes(32_000))
    with offline_providers():
        yield


@pytest.mark.parametrize(("where", "code"), snippets("python"), ids=lambda value: value if "#" in value[:80] else "")
def test_python(where: str, code: str, offline: None, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, where, "exec", dont_inherit=True), {"__name__": "__main__"})


@pytest.mark.parametrize(("where", "text"), snippets("yaml"), ids=lambda value: value if "#" in value[:80] else "")
def test_yaml(where: str, text: str) -> None:
    value = yaml.safe_load(text)
    if isinstance(value, dict) and value.keys() & {"credentials", "chat", "transport", "providers"}:
        settings_from_mapping(value, {"OPENAI_API_KEY": "k-PlantedWord7"})


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
