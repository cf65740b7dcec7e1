"""`modelport doctor`: what is installed, configured and reachable; keys are never shown."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from ...application.blocking.loops import run as run_loop
from ..console.terminal import note, printable, write, write_json

if TYPE_CHECKING:
    from ...composition.hub import Modelport

__all__ = ["doctor"]

_EXTRAS = {
    "aiohttp": ("aiohttp",),
    "cli": ("click", "rich", "platformdirs", "prompt_toolkit"),
    "hub": ("dependency-injector",),
    "structured": ("jsonschema",),
    "embedding": ("numpy",),
    "sql": ("sqlalchemy", "aiosqlite", "numpy"),
    "postgres": ("asyncpg",),
    "record": ("vcrpy",),
    "embedded": ("xllamacpp",),
    "embedded-speech": ("espeakng-loader",),
}
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class _Finding:
    """One line: `state` is `ok`, `missing` or `failed`; only `failed` makes the command fail."""

    subject: str
    name: str
    state: str
    detail: str


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--offline", is_flag=True, help="Do not look whether the configured hosts are reachable.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON array.")
def doctor(config: Path | None, offline: bool, as_json: bool) -> int:
    """Say what is installed, configured and reachable. The exit status is 1 if something is wrong.

    A host is reachable when it takes a connection; no request with a key is sent, and keys are never shown.

    \b
    Examples:
      modelport doctor
      modelport doctor --offline --json
    """
    from ..choice import choose_hub, find_config

    findings = [*_installed()]
    path = find_config(config)
    hub = choose_hub(config)
    findings.append(
        _Finding("settings", str(path or "none"), "ok" if path else "missing", "read" if path else "no file")
    )
    findings += _configured(hub)
    findings += _places()
    if not offline:
        findings += run_loop(_reachable(hub))
    if as_json:
        write_json([asdict(finding) for finding in findings], indent=2)
    else:
        _show(findings)
    return 1 if any(finding.state == "failed" for finding in findings) else 0


def _installed() -> Iterator[_Finding]:
    yield _Finding("python", sys.version.split()[0], "ok", sys.executable)
    yield _Finding("modelport", version("modelport"), "ok", str(Path(__file__).parents[2]))
    for extra, packages in _EXTRAS.items():
        found = {package: _version(package) for package in packages}
        absent = [package for package, number in found.items() if number is None]
        if absent:
            yield _Finding("extra", extra, "missing", f"pip install 'modelport[{extra}]' ({', '.join(absent)})")
        else:
            yield _Finding("extra", extra, "ok", ", ".join(f"{package} {number}" for package, number in found.items()))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _configured(hub: Modelport) -> Iterator[_Finding]:
    """The credentials of the settings, built as a model would, and the keys found elsewhere."""
    from ...domain.errors import SettingsError
    from ..keys import stored_names

    for name in hub.settings.credentials:
        try:
            credential = hub.credential(name)
            yield _Finding("credential", name, "ok", f"{credential.provider_name()}, from the settings")
        except SettingsError as error:
            yield _Finding("credential", name, "failed", str(error))
    for variable, provider in sorted(_variables(hub).items()):
        if os.environ.get(variable):
            yield _Finding("key", provider, "ok", f"{variable} in the environment")
        elif variable in stored_names():
            yield _Finding("key", provider, "ok", f"{variable} stored by `modelport keys`")


def _variables(hub: Modelport) -> Mapping[str, str]:
    registry = hub.registry
    providers = map(registry.get, registry.names())
    return {provider.key_variable: provider.name for provider in providers if provider.key_variable}


def _places() -> Iterator[_Finding]:
    from ...adapters.conversations.sql import default_path
    from ..chat.keeping import logs_enabled

    path = default_path()
    folder = next((each for each in path.parents if each.exists()), path.parent)
    state = "ok" if os.access(folder, os.W_OK) else "failed"
    kept = "conversations are stored" if logs_enabled() else "conversations are not stored (logs off)"
    yield _Finding("data", str(path), state, kept if state == "ok" else f"{folder} cannot be written")


async def _reachable(hub: Modelport) -> list[_Finding]:
    """A connection to the host of each credential that is configured."""
    hosts: dict[str, tuple[str, int]] = {}
    for name in _ready(hub):
        url = urlsplit(
            str(getattr(hub.credential(name), "base_url", None) or getattr(hub.credential(name), "host", ""))
        )
        if url.hostname:
            hosts[name] = url.hostname, url.port or (443 if url.scheme == "https" else 80)
    return list(await asyncio.gather(*(_connect(name, *address) for name, address in hosts.items())))


def _ready(hub: Modelport) -> Iterator[str]:
    from ...domain.errors import SettingsError

    given = hub.environment
    found = [provider for variable, provider in _variables(hub).items() if given.get(variable)]
    for name in dict.fromkeys([*hub.settings.credentials, *found]):
        try:
            hub.credential(name)
            yield name
        except SettingsError:
            continue  # `_configured` has said so


async def _connect(name: str, host: str, port: int) -> _Finding:
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return _Finding("host", name, "ok", f"{host}:{port} takes connections")
    except (OSError, TimeoutError) as error:
        reason = getattr(error, "strerror", None) or f"no connection within {_TIMEOUT:.0f} s"
        return _Finding("host", name, "failed", f"{host}:{port}: {reason}; check the network and a proxy")


def _show(findings: list[_Finding]) -> None:
    marks: dict[str, Any] = {"ok": "ok     ", "missing": "-      ", "failed": "FAILED "}
    for finding in findings:
        write(f"{marks[finding.state]} {finding.subject} {printable(finding.name)}: {printable(finding.detail)}\n")
    failed = sum(finding.state == "failed" for finding in findings)
    note(f"{failed} failed" if failed else "nothing failed")
