"""Somebody who may write in the folder plants a link where a command is going to write: it is not followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelport.cli.audio_file import AudioFile
from modelport.domain.message.wav import streaming_header
from modelport.error import SettingsError
from modelport.message import DataBlock
from modelport.testing.servers.http import ScriptedServer
from tests.cli.embed_server import CountingServer
from tests.cli.test_embed import run, settings

SOUND = DataBlock.from_bytes(streaming_header(16_000, size=320) + bytes(320), media_type="audio/wav")


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    file = tmp_path / "precious"
    file.write_text("precious")
    return file


def test_in_place_of_unfinished_audio(tmp_path: Path, precious: Path) -> None:
    (tmp_path / ".a.wav.part").symlink_to(precious)
    with pytest.raises(SettingsError, match="cannot be written"):
        AudioFile(tmp_path / "a.wav")
    assert precious.read_text() == "precious"


def test_in_place_of_the_audio(tmp_path: Path, precious: Path) -> None:
    (tmp_path / "a.wav").symlink_to(precious)
    file = AudioFile(tmp_path / "a.wav")
    file.write(SOUND)
    file.keep()
    file.close()
    assert precious.read_text() == "precious" and not (tmp_path / "a.wav").is_symlink()


@pytest.mark.parametrize("name", [".vectors.npy.part", "vectors.npy"])
def test_in_place_of_vectors(tmp_path: Path, precious: Path, name: str) -> None:
    (tmp_path / name).symlink_to(precious)
    with ScriptedServer(CountingServer()).in_thread() as server:
        settings(tmp_path, server.base_url)
        ran = run(tmp_path, "embed", "text 1", "--out", "vectors.npy")
    assert precious.read_text() == "precious"
    if name == "vectors.npy":
        assert ran.returncode == 0 and not os.path.islink(tmp_path / name)
    else:
        assert ran.returncode != 0 and "cannot be written" in ran.stderr
