"""Reads settings from YAML files and mappings, and fills in `${VARIABLE}`; errors name the file and the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ..adapters.wire.yaml_text import YamlDocument, YamlFault, read_yaml
from ..domain.errors import SettingsError, forget_frames
from .settings import ModelSettings, Settings, place_in

__all__ = ["Variables", "provider_fault", "read_settings", "settings_from_mapping"]

_BRACES = re.compile(r"(\$\$\{)|\$\{([^}]*+)(\}?)")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{).)*))?", re.DOTALL)
_WITH_PASSWORDS = ("proxy", "url")
_DEEPEST = 100


class Variables(Mapping[str, str]):
    """The variables of an environment; its `repr`, which error reporters print, leaves out their values."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __getitem__(self, name: str) -> str:
        return self._environment[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)

    def __repr__(self) -> str:
        return f"Variables({len(self)})"


def read_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in a YAML file; `SettingsError` names the file, the line, the key and what is allowed."""
    try:
        path = path.expanduser()
        document = read_yaml(path.read_bytes())
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{path}: cannot be read: {reason}; give the path of a YAML file") from error
    except YamlFault as error:
        raise SettingsError(f"{path}: {error}") from error
    settings = settings_from_mapping({} if document.value is None else document.value, environment, str(path), document)
    for provider in settings.providers.values():
        if provider.models is not None and ":" not in provider.models:
            provider.models = str(path.parent / Path(provider.models).expanduser())
    return settings


def settings_from_mapping(
    value: Any, environment: Mapping[str, str], source: str = "settings", document: YamlDocument | None = None
) -> Settings:
    """The settings in a mapping (Any: whatever was given), which was read from the document.

    Errors keep no local variables, which hold the keys as they are written.
    """
    try:
        return _Reader(environment, source, document).settings(value)
    except SettingsError as error:
        forget_frames(error)
        raise
    finally:
        del value


class _Reader:
    """Fills in variables and checks; every error starts with the place of its fault."""

    def __init__(self, environment: Mapping[str, str], source: str, document: YamlDocument | None = None) -> None:
        self._environment = environment
        self._source = source
        self._line = document.line if document else None

    def settings(self, value: Any) -> Settings:  # Any: whatever a YAML file contained
        if not isinstance(value, Mapping):
            raise self._fault((), f"must be a mapping with the keys {_names(Settings)}; got {type(value).__name__}")
        try:
            settings = Settings.model_validate(self._filled(value, ())).read_from(self._source, self._line)
        except ValidationError as error:
            path, reason = _explained(error)
            raise self._fault(path, reason) from error
        self._check_providers(settings)
        return settings

    def _fault(self, path: Sequence[object], reason: str) -> SettingsError:
        return SettingsError(f"{place_in(self._source, self._line, path)}{reason}")

    def _filled(self, value: Any, path: tuple[object, ...]) -> Any:  # Any: as above
        """The value with its variables filled in, at any depth."""
        if len(path) > _DEEPEST:
            raise self._fault(path[:1], f"is nested more than {_DEEPEST} levels deep")
        if isinstance(value, Mapping):
            return {name: self._filled(item, (*path, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item, (*path, index)) for index, item in enumerate(value)]
        return _BRACES.sub(lambda braces: self._variable(braces, path), value) if isinstance(value, str) else value

    def _variable(self, braces: re.Match[str], path: tuple[object, ...]) -> str:
        """A variable's value; its default also when it is empty; `$${` is `${` itself."""
        if braces[1]:
            return "${"
        if not braces[3]:  # never closed, so no variable stands there or behind it
            return braces[0].replace("$${", "${")
        match = _VARIABLE.fullmatch(braces[2])
        if match is None:
            raise self._fault(
                path,
                "expected the name of a variable in the braces; write ${NAME}, or ${NAME:-default} with a default "
                "without variables, or $${ for a dollar and a brace",
            )
        name, default = match[1], match[2]
        found = self._environment.get(name)
        if default is not None:
            return found or default
        if found is None:
            raise self._fault(
                path, f"the environment variable {name} is not set; set it, or give a default: ${{{name}:-default}}"
            )
        return found

    def _check_providers(self, settings: Settings) -> None:
        """Refuse a model whose `provider` is not its credential's."""
        sections: dict[str, Mapping[str, ModelSettings]] = {
            "chat": settings.chat,
            "embedding": settings.embedding,
            "tts": settings.tts,
            "realtime": settings.realtime,
        }
        for kind, models in sections.items():
            for name, model in models.items():
                fault = provider_fault(settings, model.credential, model.provider)
                if fault:
                    raise self._fault((kind, name, "provider"), fault)


def provider_fault(settings: Settings, credential: str | None, provider: str | None) -> str | None:
    """Why a credential's name and a provider do not fit together; `None` where they do or one is missing."""
    if not credential or not provider:
        return None
    of_credential = (settings.credentials.get(credential) or {}).get("provider", credential)
    if of_credential == provider:
        return None
    return f"expected {of_credential!r}, the provider of the credential {credential!r}, got {provider!r}; leave one out"


def _explained(error: ValidationError) -> tuple[list[str], str]:
    """The first mistake: where it is, and what is wrong and what is allowed."""
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        return path, f"unknown key; allowed here: {_names(_model_at(path[:-1]))}"
    if first["type"] == "missing":
        return path, "is missing"
    return path, f"{first['msg']} (got {_shown(first['input'], path, first['type'])})"


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
