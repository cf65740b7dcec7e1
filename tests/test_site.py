"""The site builds strictly, names every public name, and its settings reference is the current one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from modelport.composition.settings_file import settings_from_mapping
from modelport.settings import Settings
from scripts.site import settings
from scripts.site.api import anchor, public_modules
from scripts.site.joint_names import separated

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    built = subprocess.run(
        [ROOT / "scripts/docs", "-d", folder], env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_the_settings_reference_is_current() -> None:
    written = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert written == settings.page(), "run: python -m scripts.site.settings > docs/reference/settings.md"


def test_the_examples_of_the_settings_reference_are_valid() -> None:
    examples = {name: value for name, value in settings.EXAMPLES.items() if name in Settings.model_fields}
    assert len(examples) > 10
    settings_from_mapping(examples, {"OPENAI_API_KEY": "no-key"})


def test_each_setting_is_described() -> None:
    keys = [line.split("|") for line in settings.page().splitlines() if line.startswith("| `")]
    assert keys
    assert [row[1] for row in keys if not row[-2].strip()] == []


@pytest.mark.timeout(300)
def test_every_public_name_is_found(site: Path) -> None:
    found = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))["docs"]
    places = {entry["location"] for entry in found}
    texts = " ".join(f"{entry['title']} {entry['text']}" for entry in found)
    missing = []
    for face in public_modules():
        page = (site / f"reference/api/{face}/index.html").read_text(encoding="utf-8")
        for name in import_module(face).__all__:
            if f'id="{anchor(face, name)}"' not in page or name not in texts:
                missing.append(f"{face}.{name}")
    assert not missing
    assert "guides/errors/" in places


@pytest.mark.timeout(300)
def test_programs_find_the_pages(site: Path) -> None:
    listed = (site / "llms.txt").read_text(encoding="utf-8")
    assert "](guides/errors/)" in listed
    assert "](providers/openai/)" in listed


def test_no_page_of_the_reference_joins_names(site: Path) -> None:
    joined = [page for page in (site / "reference/api").glob("*/index.html") if ", (<" in page.read_text("utf-8")]
    assert joined == []


def test_joint_names_get_an_entry_each() -> None:
    text = "Does.\n\nArgs:\n    one, two: seconds,\n        at most.\n    three: more."
    assert separated(text).split("\n")[3:] == [
        "    one: seconds,",
        "        at most.",
        "    two: with `one`.",
        "    three: more.",
    ]


def test_an_example_shows_its_programs(site: Path) -> None:
    page = (site / "examples/web_chat/index.html").read_text(encoding="utf-8")
    assert "chat_server.py" in page and "EventSourceResponse" in page


def test_no_page_denies_what_there_is(site: Path) -> None:
    pages = [
        page for page in (ROOT / "docs").rglob("*.md") if re.search(r"not (offer|implement)[^.]* yet", page.read_text())
    ]
    assert pages == []
