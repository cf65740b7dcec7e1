"""Settings and modules in the current folder: they may not send the user's keys anywhere without the user's consent.

A folder that somebody else filled, such as a cloned repository, can hold a `modelport.yaml`. A note says that it is
read. Where it would send a key of the environment to a host that is not the provider's own, put a variable anywhere
else, lead all requests through another host, or have files written or models loaded from where it says, it must be
given with `--config` or be confirmed once. A module is imported only if it is confirmed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

import click
import platformdirs

from ..adapters.cassettes.files import replace_file
from ..domain.errors import ModelportError, SettingsError
from ..domain.json_values import read_json
from .console.terminal import note, printable

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ..application.model.credential import CredentialBase
    from ..composition.providers.registry import Provider
    from ..composition.settings import Settings

__all__ = ["announce", "require_consent", "require_file_consent"]

_SQLITE_FILE = re.compile(r"sqlite(?:\+\w+)?:///(?!file:)([^?]+)")
_OF_REQUESTS = ("api_key", "base_url", "host")
"""Fields of a credential that its provider's own host needs; others, such as a title, may become public there."""
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")


def announce(path: Path) -> None:
    """Say that this file of the current folder is read."""
    note(f"modelport: reading the settings in {path.absolute()}")


def require_consent(path: Path, settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise `SettingsError` unless the file is harmless, or the user has confirmed its present content.

    On a terminal the user is asked, once for this content of the file.
    """
    content = path.read_bytes()
    reasons = list(dict.fromkeys(_reasons(content, settings, environment)))
    if reasons:
        _require(path, content, "; ".join(reasons), f"give --config {path}")


def require_file_consent(path: Path, reason: str, advice: str) -> None:
    """Raise `SettingsError` unless the user confirms, or has confirmed, what is done with a file's present content.

    Args:
        reason: what is done with it, as the end of "FILE, found in the current folder, …".
        advice: what to do where no one can answer the question.
    """
    _require(path, path.read_bytes() if path.is_file() else str(path).encode(), reason, advice)


def _require(path: Path, content: bytes, reason: str, advice: str) -> None:
    if _confirmed(path, content):
        return
    message = f"{path.absolute()}, found in the current folder, {reason}"
    if sys.stdin.isatty() and sys.stderr.isatty():
        if click.confirm(printable(f"{message}. Allow this file to do so from now on?"), err=True):
            _remember(path, content)
            return
        raise SettingsError(f"{path}: was not allowed; delete it, or run the command in another folder")
    raise SettingsError(f"{message}; if you trust it, {advice}")


def _reasons(content: bytes, settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """What in the file needs consent."""
    from ..adapters.wire.yaml_text import read_yaml
    from ..composition.settings import revealed

    written: Any = read_yaml(content).value or {}  # Any: YAML, which was read as settings before
    for name in settings.providers:
        yield f"defines where the provider {name!r} is"
    for name, fields in settings.credentials.items():
        own = (written.get("credentials") or {}).get(name) or {}
        yield from _of_credential(name, revealed(fields), own, environment)
    if settings.transport.proxy:
        yield "sends all requests through a proxy"
    if settings.transport.verify is not True:
        yield "changes how the servers' certificates are verified"
    for section, value in written.items():
        if section not in ("credentials", "providers"):
            yield from _put_elsewhere(str(section), value)
    yield from _written_files(settings)


def _put_elsewhere(place: str, value: object) -> Iterator[str]:
    """Each variable in a section where no key belongs, with the setting it is in."""
    if isinstance(value, Mapping) and place.count(".") < 2:
        for key, item in value.items():
            yield from _put_elsewhere(f"{place}.{key}", item)
        return
    for variable in _variables(value):
        yield f"puts {variable} into {place}"


def _written_files(settings: Settings) -> Iterator[str]:
    """Each file or database outside the current folder that is written, and each recording of what is sent."""
    transport, cache, limits = settings.transport, settings.cache, settings.rate_limits
    stored = settings.conversations.url
    if transport.adapter == "record":
        yield f"records all messages and answers in {transport.cassettes}"
    if cache.adapter == "file" and not _is_below(cache.path, Path.cwd()):
        yield f"keeps vectors in {cache.path}"
    if cache.adapter == "sql" and not _is_database_below(cache.url, Path.cwd()):
        yield "keeps vectors in a database elsewhere"
    if limits.adapter == "sql" and limits.url and not _is_database_below(limits.url, Path.cwd()):
        yield "counts requests in a database elsewhere"
    if stored and not _is_database_below(stored, Path.cwd()):
        yield "stores conversations in a database elsewhere"


def _is_below(path: Path, folder: Path) -> bool:
    """Whether the path stays in the folder when links are followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def _is_database_below(url: SecretStr, folder: Path) -> bool:
    """Whether it is an SQLite file in the folder."""
    found = _SQLITE_FILE.match(url.get_secret_value())
    return found is not None and _is_below(Path(found[1]), folder)


def _of_credential(
    name: str,
    fields: Mapping[str, Any],
    written: Mapping[str, Any],
    environment: Mapping[str, str],  # Any: YAML
) -> Iterator[str]:
    """Each key of the environment that it sends to a host which is not its provider's own, and the files it names."""
    from ..composition.providers.registry import ProviderRegistry

    try:
        provider = ProviderRegistry().get(str(fields.get("provider", name)))
    except SettingsError:
        return  # building it will fail, or the file defines it, which needs consent anyway
    credential = _built(provider, {key: value for key, value in fields.items() if key != "provider"})
    if credential is None:
        return  # building it will fail
    for field in fields:
        if isinstance(path := getattr(credential, field, None), Path):
            yield f"takes the files of {name} from {path}"
    own = _hosts(_built(provider, {}))
    foreign = [host for host in _hosts(credential) if host not in own]
    if not foreign:
        for key, value in written.items():
            if key not in _OF_REQUESTS and key != provider.key_field:
                yield from _put_elsewhere(f"credentials.{name}.{key}", value)
        return
    variables = [found for value in written.values() for found in _variables(value)]
    inherited = provider.key_variable if provider.key_field not in fields else ""
    if inherited and environment.get(inherited):
        variables.append(inherited)
    for variable in dict.fromkeys(variables):
        yield f"sends {variable} to {foreign[0]}"


def _built(provider: Provider, fields: Mapping[str, Any]) -> CredentialBase | None:
    """The credential with these fields, and with any key; `None` for fields that its class does not accept."""
    cls = provider.credential_class()
    keys = [name for name in ("api_key", provider.key_field) if name in cls.model_fields]
    missing = {name: "key" for name in keys if "://" not in str(cls.model_fields[name].default)}
    try:
        return cls(**{**missing, **fields})
    except ValueError:
        return None


def _hosts(credential: CredentialBase | None) -> list[str]:
    """The hosts to which requests go with the credential; none where it does not say."""
    from ..application.model.credential import Service

    found: dict[str, None] = {}
    if credential is None:
        return []
    for service in get_args(Service):
        try:
            found[_host(credential.endpoint(service).base_url)] = None
        except ModelportError:
            continue
    return list(found)


def _variables(value: object) -> list[str]:
    return _VARIABLE.findall(json.dumps(value, default=str)) if value else []


def _host(url: str) -> str:
    """The host and scheme of a URL; a text that is none is taken as it is."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}"
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
