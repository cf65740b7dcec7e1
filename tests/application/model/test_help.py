"""`help` explains every argument of every public model class, and every field of its parameters and credentials."""

from __future__ import annotations

import importlib
import inspect
import pydoc
import re
from typing import Any

import pytest
from pydantic import BaseModel, Field

from modelport.application.model.described import Described
from modelport.credential import CredentialBase, OpenAICredential
from modelport.model import OpenAIChatModel
from modelport.provider import ProviderRegistry

FACES = ("model", "embedding", "tts", "stt", "realtime")


def _models() -> list[type[Any]]:
    modules = [importlib.import_module(f"modelport.{face}") for face in FACES]
    classes = [getattr(module, name) for module in modules for name in module.__all__]
    return [cls for cls in classes if isinstance(cls, type) and hasattr(cls, "list_models")]


MODELS = _models()
REGISTRY = ProviderRegistry()
CREDENTIALS = [CredentialBase, *(REGISTRY.get(name).credential_class() for name in REGISTRY.names())]


def described_arguments(text: str) -> set[str]:
    """The names that the sections `Args:` of a docstring explain."""
    sections = inspect.cleandoc(text).split("Args:\n")[1:]
    lines = [line for section in sections for line in re.findall(r"^ {4}(\w+(?:, \w+)*): \S", section, re.M)]
    return {name for line in lines for name in line.split(", ")}


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
def test_every_argument_of_a_model_is_described(cls: type[Any]) -> None:
    arguments = set(inspect.signature(cls).parameters)
    assert {"credential", "model", "parameters"} <= arguments
    assert arguments - described_arguments(cls.__init__.__doc__ or "") == set()
    assert "Args:" in pydoc.plain(pydoc.render_doc(cls))


@pytest.mark.parametrize(
    "cls", [*dict.fromkeys(model.Parameters for model in MODELS), *CREDENTIALS], ids=lambda cls: cls.__name__
)
def test_every_field_is_described(cls: type[BaseModel]) -> None:
    text = pydoc.plain(pydoc.render_doc(cls))
    for name in cls.model_fields:
        assert re.search(rf"^ \|      {name} \(.+\): \S", text, re.M), f"{cls.__name__}.{name} has no description"


def test_the_help_of_parameters_has_types_bounds_and_defaults() -> None:
    text = pydoc.plain(pydoc.render_doc(OpenAIChatModel.Parameters))
    assert "max_tokens (int | None, > 0, default None): The most tokens of answer and reasoning together." in text
    assert "temperature (float | None, >= 0, <= 2, default None): " in text
    assert "parallel_tool_calls (bool, default True): " in text


def test_schemas_keep_the_docstring_as_it_is_written() -> None:
    assert OpenAIChatModel.Parameters.model_json_schema()["description"] == "Parameters of a Chat Completions call."
    assert OpenAICredential.model_json_schema()["description"].startswith("Key and base URL. Facts: ")

    class Plain(Described):
        size: int = Field(gt=0, description="In bytes.")

    class Outer(Described):
        """Holds another one."""

        inner: Plain

    assert "description" not in Plain.model_json_schema()
    schema = Outer.model_json_schema()
    assert schema["description"] == "Holds another one." and "description" not in schema["$defs"]["Plain"]
    assert Plain.__doc__ == "Plain\n\nFields:\n    size (int, > 0, required): In bytes."
