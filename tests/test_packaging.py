"""The distributions: what is inside, that a build can be repeated, and that the README's links work elsewhere."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import modelport

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(WheelBuilder, tmp_path_factory.mktemp("wheel"))


def build(builder: type[WheelBuilder] | type[SdistBuilder], folder: Path) -> Path:
    (made,) = builder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(made)


def test_the_wheel_has_types_cards_and_profiles(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"modelport/py.typed", "modelport/adapters/profiles/groq/provider.yaml"} <= names
    assert any(name.startswith("modelport/adapters/openai/_models/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/", "fixtures/"))]


def test_the_version_has_one_source(wheel: Path) -> None:
    assert f"modelport-{modelport.__version__}-" in wheel.name
    assert re.search(r"^version", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE) is None


def test_links_of_the_description_are_absolute(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (place,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        description = archive.read(place).decode().partition("\n\n")[2]
    links = re.findall(r"\]\(([^)]+)\)", description)
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_a_build_can_be_repeated(wheel: Path, tmp_path: Path) -> None:
    again = build(WheelBuilder, tmp_path)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_the_source_distribution_can_test_itself(tmp_path: Path) -> None:
    with tarfile.open(build(SdistBuilder, tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = ["pyproject.toml", "mkdocs.yml", "README.md", "scripts/test", "tests/test_packaging.py", "docs/start.md"]
    assert [name for name in needed if name not in names] == []
    assert any(name.startswith("fixtures/cassettes/openai/") for name in names)
