"""What importing costs, by the list of modules it loads (seconds are for the benchmarks)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import modelport

HEAVY = {
    "dependency_injector",
    "sqlalchemy",
    "websockets",
    "numpy",
    "httpx",
    "httpx2",
    "aiohttp",
    "click",
    "rich",
    "vcr",
    "jsonschema",
}
BUILD = """
import sys
from modelport.model import OpenAIChatModel
from modelport.credential import OpenAICredential
OpenAIChatModel(OpenAICredential(api_key="x"), "gpt-4.1")
print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
print(" ".join(sorted(name for name in sys.modules if name.startswith("modelport.adapters."))))
"""


def loaded(code: str) -> list[set[str]]:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in result.stdout.splitlines()]


def test_building_a_model_loads_nothing_heavy_and_one_provider() -> None:
    roots, adapters = loaded(BUILD)
    assert not roots & HEAVY
    providers = {name.split(".")[2] for name in adapters}
    assert providers <= {"openai", "dialects", "wire"}


def test_the_default_runtime_of_a_chat_model_loads_nothing_heavy() -> None:
    roots, _ = loaded(BUILD.replace('"gpt-4.1")', '"gpt-4.1").runtime'))
    assert not roots & (HEAVY - {"websockets"})


FACES = sorted({path.stem for path in Path(modelport.__file__).parent.glob("[!_]*.py")} | {"testing"})


def test_there_are_faces() -> None:
    assert {"message", "model", "tts", "testing"} <= set(FACES)


@pytest.mark.parametrize("face", FACES)
def test_every_face_exports_what_it_lists(face: str) -> None:
    code = f"import modelport.{face} as face; print(' '.join(n for n in face.__all__ if getattr(face, n) is None))"
    assert loaded(code) == [set()]


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known() -> None:
    import modelport.model

    with pytest.raises(AttributeError, match="OpenAIChatModel"):
        _ = modelport.model.OpenAiChatModel
