"""The whole package in a zip file on `sys.path`: every provider, card and model is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import modelport
from tests.planted import KEY

_PROGRAM = """
import json
import modelport
from modelport import Modelport
from modelport.composition.providers.profiles import profile_names
from modelport.embedding import DashScopeEmbeddingModel
from modelport.realtime import GeminiRealtimeModel
from modelport.tts import DashScopeTTSModel

registry = Modelport.from_mapping({}, {}).container.registry()
names = registry.names()
hub = Modelport.from_mapping({"credentials": {name: {"api_key": "k-PlantedWord7"} for name in ("groq", "mistral")}}, {})
classes = [cls for name in names for cls in registry.get(name).credential_class().get_chat_model_classes()]
print(json.dumps({
    "file": modelport.__file__,
    "names": names,
    "rows": profile_names(),
    "classes": {cls.__name__: [card.name for card in cls.list_models()] for cls in classes},
    "cards": [card.name for card in hub.cards()],
    "catalogue": len(hub.catalogue()),
    "context": hub.chat("groq/openai/gpt-oss-120b").context_size,
    "others": [len(cls.list_models()) for cls in (DashScopeEmbeddingModel, GeminiRealtimeModel, DashScopeTTSModel)],
}))
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = Path(modelport.__path__[0])
    made = tmp_path_factory.mktemp("packed") / "packed.zip"
    with zipfile.ZipFile(made, "w") as written:
        for path in sorted(package.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".yaml", ".typed"):
                written.write(path, Path("modelport") / path.relative_to(package))
    return made


def run(place: Path, *arguments: str) -> str:
    """What Python prints with this before all else on its path."""
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "GROQ_API_KEY": KEY}
    ran = subprocess.run(
        [sys.executable, "-P", *arguments], capture_output=True, text=True, env=environment, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_it_has_all_that_the_folder_has(archive: Path) -> None:
    packed, folder = (json.loads(run(place, "-c", _PROGRAM)) for place in (archive, Path(modelport.__path__[0]).parent))
    assert packed.pop("file").startswith(str(archive)) and folder.pop("file") == modelport.__file__
    assert packed == folder
    assert len(packed["rows"]) > 15 and packed["context"] and len(packed["cards"]) > 5 and min(packed["others"]) > 0


@pytest.mark.parametrize("command", [["models"], ["credentials"], ["models", "groq/openai/gpt-oss-120b"]])
def test_the_command_line_lists_the_same(archive: Path, command: list[str]) -> None:
    packed, folder = (
        run(place, "-m", "modelport", *command) for place in (archive, Path(modelport.__path__[0]).parent)
    )
    assert packed == folder and "groq" in packed
