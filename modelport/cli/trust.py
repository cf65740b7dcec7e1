"""Settings in the current folder: they may not send the user's keys anywhere without the user's consent.

A folder that somebody else filled, such as a cloned repository, can hold a `modelport.yaml`. A note says that it is
read. Where it would send a key of the environment to a host that is not the provider's own, or lead all requests
through another one, it must be given with `--config` or be confirmed once.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import platformdirs

from ..adapters.cassettes.files import replace_file
from ..domain.errors import SettingsError
from ..domain.json_values import read_json
from .console.terminal import note, printable

if TYPE_CHECKING:
    from ..composition.settings import Settings

__all__ = ["announce", "require_consent"]

_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")
_URL_KEYS = ("base_url", "host")


def announce(path: Path) -> None:
    """Say that this file of the current folder is read."""
    note(f"modelport: reading the settings in {path.absolute()}")


def require_consent(path: Path, settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise `SettingsError` unless the file is harmless, or the user has confirmed its present content.

    On a terminal the user is asked, once for this content of the file.
    """
    content = path.read_bytes()
    reasons = list(dict.fromkeys(_reasons(content, settings, environment)))
    if not reasons or _confirmed(path, content):
        return
    message = f"{path.absolute()}, found in the current folder, {'; '.join(reasons)}"
    if sys.stdin.isatty() and sys.stderr.isatty():
        if click.confirm(printable(f"{message}. Allow this file to do so from now on?"), err=True):
            _remember(path, content)
            return
        raise SettingsError(f"{path}: was not allowed; delete it, or run the command in another folder")
    raise SettingsError(f"{message}; if you trust it, give --config {path}")


def _reasons(content: bytes, settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """What in the file needs consent."""
    from ..adapters.wire.yaml_text import read_yaml
    from ..composition.settings import revealed

    written: Any = read_yaml(content).value or {}  # Any: YAML, which was read as settings before
    for name in settings.providers:
        yield f"defines where the provider {name!r} is"
    for name, fields in settings.credentials.items():
        yield from _sent_keys(name, revealed(fields), (written.get("credentials") or {}).get(name) or {}, environment)
    if settings.transport.proxy:
        yield "sends all requests through a proxy"
    if settings.transport.verify is not True:
        yield "changes how the servers' certificates are verified"
    for section in ("cache", "conversations", "rate_limits"):
        for variable in _variables((written.get(section) or {}).get("url")):
            yield f"puts {variable} into the database URL of {section}"


def _sent_keys(
    name: str,
    fields: Mapping[str, Any],
    written: Mapping[str, Any],
    environment: Mapping[str, str],  # Any: YAML
) -> Iterator[str]:
    """Each key of the environment that a credential sends to a host which is not its provider's own."""
    from ..composition.providers.registry import ProviderRegistry

    try:
        provider = ProviderRegistry().get(str(fields.get("provider", name)))
    except SettingsError:
        return  # building it will fail, or the file defines it, which needs consent anyway
    own = {_host(str(field.default)) for field in provider.credential_class().model_fields.values()}
    hosts = [_host(str(fields[key])) for key in _URL_KEYS if fields.get(key)]
    foreign = [host for host in hosts if host not in own]
    if not foreign:
        return
    variables = [found for key, value in written.items() if key not in _URL_KEYS for found in _variables(value)]
    inherited = provider.key_variable if provider.key_field not in fields else ""
    if inherited and environment.get(inherited):
        variables.append(inherited)
    in_url = [found for key in _URL_KEYS for found in _variables(written.get(key))]
    for variable in dict.fromkeys([*variables, *in_url]):
        yield f"sends {variable} to {foreign[0]}"


def _variables(value: object) -> list[str]:
    return _VARIABLE.findall(json.dumps(value, default=str)) if value else []


def _host(url: str) -> str:
    """The host and scheme of a URL; a host without a scheme is taken as it is."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        return f"{parts.scheme}://{parts.hostname}" if parts.scheme else str(parts.hostname)
    except ValueError:
        return url


def _record() -> Path:
    return Path(platformdirs.user_config_dir("modelport", appauthor=False)) / "trusted.json"


def _trusted() -> dict[str, str]:
    """The SHA-256 of each confirmed file, by its path."""
    try:
        found = read_json(_record().read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _confirmed(path: Path, content: bytes) -> bool:
    return _trusted().get(str(path.resolve())) == hashlib.sha256(content).hexdigest()


def _remember(path: Path, content: bytes) -> None:
    record = _record()
    trusted = {**_trusted(), str(path.resolve()): hashlib.sha256(content).hexdigest()}
    try:
        replace_file(record, json.dumps(trusted, indent=1))
    except OSError as error:
        note(f"modelport: {record} cannot be written ({error.strerror}); you will be asked again")
