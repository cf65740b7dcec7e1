"""Reads settings from YAML files and mappings, and fills in `${VARIABLE}`; errors name the file and the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from ..domain.errors import SettingsError
from .settings import Settings

__all__ = ["read_settings", "settings_from_mapping"]

_BRACES = re.compile(r"\$\{([^}]*)\}")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{).)*))?", re.DOTALL)
_WITH_PASSWORDS = ("proxy", "url")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in a YAML file; `SettingsError` names the key, the file and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}; give the path of a YAML file") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: expected UTF-8 text; save the file in that encoding") from error
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - the loader is a safe one
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    settings = settings_from_mapping(value or {}, environment, source=str(path))
    for provider in settings.providers.values():
        if provider.models is not None and ":" not in provider.models:
            provider.models = str(path.parent / provider.models)
    return settings


def settings_from_mapping(value: Any, environment: Mapping[str, str], source: str = "settings") -> Settings:
    """The settings in a mapping (Any: whatever a YAML file contained)."""
    if not isinstance(value, Mapping):
        raise SettingsError(f"{source}: must be a mapping with the keys {_names(Settings)}; got {type(value).__name__}")
    try:
        return Settings.model_validate(_filled(value, environment, source, "")).read_from(source)
    except ValidationError as error:
        raise SettingsError(_explained(error, source)) from error


def _filled(value: Any, environment: Mapping[str, str], source: str, key: str) -> Any:
    """The value with its variables filled in, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: _filled(item, environment, source, f"{key}.{name}" if key else str(name))
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_filled(item, environment, source, f"{key}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def variable(braces: re.Match[str]) -> str:
        match = _VARIABLE.fullmatch(braces[1])
        if match is None:
            raise SettingsError(
                f"{source}: {key}: expected the name of a variable in the braces; write ${{NAME}}, or "
                "${{NAME:-default}} with a default without variables"
            )
        name, default = match[1], match[2]
        found = environment.get(name)
        if found is None and default is None:
            raise SettingsError(
                f"{source}: {key}: the environment variable {name} is not set; set it, or give a default: "
                f"${{{name}:-default}}"
            )
        return found if found is not None else default

    return _BRACES.sub(variable, value)


def _explained(error: ValidationError, source: str) -> str:
    """The message of the first mistake: where it is, what is wrong, and what is allowed."""
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    if first["type"] == "extra_forbidden":
        return f"{source}: {key}: unknown key; allowed here: {_names(_model_at(path[:-1]))}"
    if first["type"] == "missing":
        return f"{source}: {key}: is missing"
    return f"{source}: {key}: {first['msg']} (got {_shown(first['input'], path, first['type'])})"


def _shown(value: Any, path: list[str], fault: str) -> str:  # Any: whatever a YAML file contained
    """The wrong value, or only its type where it may contain a secret."""
    secret = (
        path[0] == "credentials"
        or path[-1] in _WITH_PASSWORDS
        or fault in ("dict_type", "model_type")
        or isinstance(value, dict | list)
    )
    return f"a value of type {type(value).__name__}" if secret else repr(str(value)[:60])


def _model_at(path: list[str]) -> type[BaseModel]:
    """The settings class that a path leads to, through the mappings by name."""
    model: type[BaseModel] = Settings
    skip = False
    for part in path:
        if skip:
            skip = False
            continue
        field = model.model_fields.get(part)
        nested = _nested(field.annotation) if field else None
        if nested is None:
            break
        skip = str(field.annotation).startswith("dict") if field else False
        model = nested
    return model


def _nested(annotation: Any) -> type[BaseModel] | None:  # Any: a type annotation
    candidates = [annotation, *get_args(annotation)]
    return next((one for one in candidates if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _names(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)
