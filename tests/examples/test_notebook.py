"""The notebook runs from top to bottom in a kernel of its own, and shows what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples.running import copy_of

nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:  # Any: the outputs of each code cell
    """What the cells print and show; an error in one of them fails the test."""
    example = copy_of("notebook", tmp_path)
    for name, value in example.environment(JUPYTER_PLATFORM_DIRS="1", IPYTHONDIR=str(tmp_path / "ipython")).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(example.folder / "tour.ipynb", as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(example.folder)}}
    )
    client.execute()
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def shown(cell: list[Any], kind: str) -> str:  # Any: as above
    return "".join(output["data"].get(kind, "") for output in cell if output["output_type"] == "execute_result")


def printed(cell: list[Any]) -> str:  # Any: as above
    return "".join(output["text"] for output in cell if output["output_type"] == "stream")


def test_it_runs_and_shows_tables(outputs: list[list[Any]]) -> None:
    model, answer, stream, structured, embeddings, cosines, card, awaited = outputs
    assert shown(model, "text/plain").startswith("ScriptedChatModel(")
    assert printed(answer) == "A fjord is a long, narrow inlet.\n"
    assert "<table" in shown(answer, "text/html")
    assert printed(stream) == "Norway has many fjords."
    assert shown(structured, "text/plain") == "Fjord(name='Geirangerfjord', length_km=15.0)"
    assert "<table" in shown(embeddings, "text/html") and "3 of size" in shown(embeddings, "text/html")
    assert shown(cosines, "text/plain").startswith("array([[ 1.  ,  0.86")
    assert "<table" in shown(card, "text/html") and "gpt-4.1-mini" in shown(card, "text/html")
    assert "Yes." in shown(awaited, "text/plain")
