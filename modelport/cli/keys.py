"""Keys that `modelport keys` has stored: in the system's keyring where there is one, else in a file of the user's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from ..adapters.wire.private_file import open_private
from ..domain.errors import SettingsError
from ..domain.json_values import read_json

__all__ = ["forget_key", "key_file", "store_key", "stored_names", "stored_variables", "uses_keyring"]

_SERVICE = "modelport"
_LARGEST = 1024 * 1024


def key_file() -> Path:
    """The file of keys, which only its owner reads; with a keyring it holds the names alone."""
    return Path(platformdirs.user_config_dir("modelport", appauthor=False)) / "keys.json"


def uses_keyring() -> bool:
    """Whether the package keyring is installed and has found a keyring of the system."""
    return _keyring() is not None


def stored_names() -> list[str]:
    """The environment variables for which a key is stored, sorted."""
    return sorted(_read())


def stored_variables() -> dict[str, str]:
    """The stored keys by environment variable."""
    found, ring = {}, None
    for name, value in _read().items():
        if value is None:
            ring = ring or _keyring()
            value = ring.get_password(_SERVICE, name) if ring else None
        if value:
            found[name] = value
    return found


def store_key(name: str, value: str) -> str:
    """Store a key for this environment variable; where it was stored."""
    ring = _keyring()
    if ring is not None:
        try:
            ring.set_password(_SERVICE, name, value)
        except Exception as error:  # of whatever keyring there is
            raise SettingsError(f"the keyring did not take the key: {type(error).__name__}") from None
        finally:
            del value
        _write({**_read(), name: None})
        return "the keyring"
    _write({**_read(), name: value})
    return str(key_file())


def forget_key(name: str) -> bool:
    """Remove the key for this environment variable; whether there was one."""
    kept = _read()
    if name not in kept:
        return False
    ring = _keyring()
    if kept.pop(name) is None and ring is not None:
        ring.delete_password(_SERVICE, name)
    _write(kept)
    return True


def _keyring() -> Any:  # Any: the package keyring, which is optional
    try:
        import keyring
        import keyring.backends.fail
    except ImportError:
        return None
    try:
        return None if isinstance(keyring.get_keyring(), keyring.backends.fail.Keyring) else keyring
    except Exception:  # a backend that cannot start is none
        return None


def _read() -> dict[str, str | None]:
    """The file's content: a key for each variable, `None` where the keyring has it."""
    path = key_file()
    try:
        with path.open("rb") as file:
            found = read_json(file.read(_LARGEST))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is not JSON'}") from None
    if not isinstance(found, dict) or not all(value is None or isinstance(value, str) for value in found.values()):
        raise SettingsError(f"{path}: expected an object of keys by variable; remove it and set the keys again")
    return found


def _write(kept: Mapping[str, str | None]) -> None:
    path = key_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    with open(unfinished, "x", opener=open_private, encoding="utf-8") as file:
        json.dump(dict(sorted(kept.items())), file, indent=1)
    os.replace(unfinished, path)
