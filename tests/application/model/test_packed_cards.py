"""Model classes in modules that are not files: in a zip file, made by `exec`, or in `__main__`."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelport.credential import OpenAICredential

SOURCE = """
from modelport.embedding import EmbeddingModelBase, EmbeddingResponse, OpenAIEmbeddingModel
from modelport.message import TextBlock
from modelport.model import ChatModelBase, ChatResponse, OpenAIChatModel
from modelport.tts import TTSModelBase, TTSResponse


class Chat(ChatModelBase):
    async def _call_api(self, *arguments, **more):
        return ChatResponse([TextBlock(text="hi")], finish_reason="stop")


class Embedding(EmbeddingModelBase[str]):
    async def _call_api(self, inputs, **more):
        return EmbeddingResponse([[1.0, 2.0] for _ in inputs])


class Speech(TTSModelBase):
    async def synthesize(self, text=None, **more):
        return TTSResponse()


class Inherits(OpenAIChatModel):
    pass


class InheritsEmbedding(OpenAIEmbeddingModel):
    pass
"""
CARD = "name: packed-1\nlabel: Packed\ncontext_size: 1000\noutput_size: 100\n"


@pytest.fixture
def zipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("zipped_module.py", SOURCE)
        written.writestr("zipped_package/__init__.py", "")
        written.writestr("zipped_package/bare/__init__.py", SOURCE)
        written.writestr("zipped_package/models.py", SOURCE)
        written.writestr("zipped_package/_models/packed-1.yaml", CARD)
        written.writestr("zipped_package/_models/README.md", "no card")
    monkeypatch.syspath_prepend(str(archive))
    yield archive
    for name in [name for name in sys.modules if name.startswith("zipped_")]:
        del sys.modules[name]


def check_without_cards(module: types.ModuleType) -> None:
    for cls in (module.Chat, module.Embedding, module.Speech):
        assert cls.list_models() == []
    assert len(module.Inherits.list_models()) > 3 and module.InheritsEmbedding.list_models()
    credential = OpenAICredential(api_key="k-PlantedWord7")
    assert module.Chat(credential, "x").model == "x" and module.Embedding(credential, "x").model == "x"


@pytest.mark.parametrize("name", ["zipped_module", "zipped_package.bare"])
def test_a_class_in_a_zip_file_without_cards_has_none(zipped: Path, name: str) -> None:
    check_without_cards(importlib.import_module(name))


def test_a_class_in_a_zip_file_with_cards_has_them(zipped: Path) -> None:
    module = importlib.import_module("zipped_package.models")
    assert [card.name for card in module.Chat.list_models()] == ["packed-1"]
    model = module.Chat(OpenAICredential(api_key="k-PlantedWord7"), "packed-1")
    assert model.context_size == 1000


@pytest.mark.parametrize("file", [None, "<string>", "/nowhere/at/all.py"])
def test_a_class_of_a_module_without_a_file(file: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("module_without_file")
    if file:
        module.__file__ = file
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(SOURCE, module.__dict__)
    check_without_cards(module)


def test_a_class_of_a_program_from_stdin() -> None:
    code = SOURCE + "\nassert Chat.list_models() == [] and len(Inherits.list_models()) > 3\n"
    subprocess.run([sys.executable, "-"], input=code.encode(), check=True)


def test_a_class_that_names_a_folder_above_it_in_a_zip_file_has_its_cards(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as written:
        written.writestr("zipped_package/deep/__init__.py", "")
        written.writestr(
            "zipped_package/deep/models.py",
            f"from pathlib import Path\n{SOURCE}\nChat.card_folder = Path(__file__).parents[1] / '_models'\n",
        )
    importlib.invalidate_caches()
    module = importlib.import_module("zipped_package.deep.models")
    assert [card.name for card in module.Chat.list_models()] == ["packed-1"]
