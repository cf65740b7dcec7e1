"""Templates of `modelport chat`: options under a name, one YAML file each in the user's folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import click
import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from ..adapters.wire.private_file import open_private

__all__ = ["Template", "filled", "folder", "names", "read", "remove", "save"]

_NAME = re.compile(r"[\w][\w.-]{0,80}")
_LARGEST = 1024 * 1024


class Template(BaseModel):
    """The options that a template stands for; `$input` in `prompt` is what the command was given."""

    model_config = ConfigDict(extra="forbid")

    prompt: str | None = None
    system: str | None = None
    model: str | None = None
    options: dict[str, str | int | float | bool] = {}
    thinking: Literal["off", "on", "minimal", "low", "medium", "high", "max"] | None = None
    schema_: str | None = None
    extract: bool = False


def folder() -> Path:
    """Where templates are kept."""
    return Path(platformdirs.user_config_dir("modelport", appauthor=False)) / "templates"


def names() -> list[str]:
    """The templates that there are, sorted."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def read(name: str) -> Template:
    """A template; a `UsageError` says what is wrong with it."""
    from ..adapters.wire.yaml_text import read_yaml
    from ..domain.errors import SettingsError

    path = _path(name)
    try:
        with path.open("rb") as file:
            found: Any = read_yaml(file.read(_LARGEST)).value or {}
        return Template.model_validate({"schema_" if key == "schema" else key: value for key, value in found.items()})
    except FileNotFoundError:
        known = ", ".join(names()) or "none"
        raise click.UsageError(f"there is no template {name!r}; there are: {known}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])).rstrip("_")
        raise click.UsageError(f"{path}: {place}: {first['msg']}") from None
    except (SettingsError, ValueError, AttributeError) as error:
        raise click.UsageError(f"{path}: expected keys and values in YAML: {error}") from None


def save(name: str, template: Template) -> Path:
    """Write a template; where it is."""
    import yaml

    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = template.model_dump(exclude_defaults=True)
    content = {key.rstrip("_"): value for key, value in kept.items()}
    path.unlink(missing_ok=True)
    with open(path, "x", opener=open_private, encoding="utf-8") as file:
        yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False)
    return path


def remove(name: str) -> Path:
    """Remove a template; a `UsageError` when there is none of that name."""
    read(name)
    path = _path(name)
    path.unlink()
    return path


def filled(template: Template, given: str | None) -> str | None:
    """The prompt: the template's, with `$input` replaced or what was given after it, else what was given."""
    if template.prompt is None:
        return given
    if "$input" in template.prompt:
        if given is None:
            raise click.UsageError("the template needs an input; give a PROMPT, or pipe one in")
        return template.prompt.replace("$input", given)
    return template.prompt if given is None else f"{template.prompt}\n\n{given}"


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise click.UsageError(f"a template cannot be called {name!r}; use letters, digits, '-', '_' and '.'")
    return folder() / f"{name}.yaml"
