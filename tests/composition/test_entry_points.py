"""Providers of other packages: one that cannot be loaded is named, and does not stand in the way of the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelport import Modelport
from modelport.composition.providers.registry import ProviderRegistry
from modelport.error import SettingsError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with the entry points `broken` and `odd`."""
    info = tmp_path / "broken_provider-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-provider\nVersion: 1.0\n")
    points = "broken = broken_provider:provider\nodd = broken_provider_odd:provider\ngone = broken_provider_odd:nothing"
    (info / "entry_points.txt").write_text(f"[modelport.providers]\n{points}\n")
    (tmp_path / "broken_provider.py").write_text("import a_library_that_is_not_there\n")
    (tmp_path / "broken_provider_odd.py").write_text("provider = 5\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_providers_that_cannot_be_loaded_are_named_when_asked_for(installed: Path) -> None:
    registry = ProviderRegistry()
    assert "openai" in registry.names() and "broken" not in registry.names()
    with pytest.raises(SettingsError, match=r"'broken'.*a_library_that_is_not_there"):
        registry.get("broken")
    with pytest.raises(SettingsError, match=r"'odd'.*Provider"):
        registry.get("odd")
    with pytest.raises(SettingsError, match=r"'gone'.*nothing"):
        registry.get("gone")
    with pytest.raises(SettingsError, match="unknown provider 'nowhere'"):
        registry.get("nowhere")


def test_the_other_providers_can_be_used(installed: Path) -> None:
    assert set(Modelport.from_env({"OPENAI_API_KEY": "k-PlantedWord7"}).credentials) == {"openai"}
    code = "from modelport.credential import CredentialFactory as F; F().list_schemas()"
    environment = {"PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
