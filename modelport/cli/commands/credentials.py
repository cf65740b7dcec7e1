"""`modelport credentials`: which providers are configured, and where; keys are never shown."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console.terminal import show, terminal_width, write_json, write_lines
from ..keys import stored_names

if TYPE_CHECKING:
    from ...composition.providers.registry import ProviderRegistry

__all__ = ["credentials"]

_NARROW = 72
"""Columns: a narrower terminal gets two lines for each provider, and no table."""
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")


@dataclass(frozen=True, slots=True)
class _Row:
    """A credential, or a provider without one; `source` is `settings`, `environment`, `keys`, `built in` or `None`."""

    name: str
    provider: str
    configured: bool
    source: str | None
    place: str


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON array.")
def credentials(config: Path | None, as_json: bool) -> None:
    """List the providers, and where each is configured; keys are never shown.

    \b
    Examples:
      modelport credentials
      modelport credentials --json
    """
    from ..choice import find_config, known_providers

    path = find_config(config)
    registry = known_providers(path)
    rows = list(_configured(path, registry)) if path else []
    named = {row.name for row in rows}
    rows += [_of_provider(name, registry) for name in registry.names() if name not in named]
    rows.sort(key=lambda row: (not row.configured, row.provider, row.name))
    if as_json:
        write_json([asdict(row) for row in rows], indent=2)
    else:
        _show(rows)


def _configured(path: Path, registry: ProviderRegistry) -> Iterator[_Row]:
    """The credentials of a settings file; `SettingsError` if the file has a mistake."""
    from ...composition.settings_file import read_settings

    settings = read_settings(path, os.environ)
    written = _as_written(path)
    for name, fields in settings.credentials.items():
        provider = registry.get(str(fields.get("provider", name))).name
        variables = ", ".join(dict.fromkeys(_VARIABLE.findall(json.dumps(written.get(name), default=str))))
        taken = f" (from {variables})" if variables else ""
        yield _Row(name, provider, True, "settings", f"{path}: credentials.{name}{taken}")


def _as_written(path: Path) -> dict[str, Any]:  # Any: YAML values with their variables unfilled
    from ...adapters.wire.yaml_text import read_yaml

    found: dict[str, Any] = (read_yaml(path.read_bytes()).value or {}).get("credentials") or {}
    return found


def _of_provider(name: str, registry: ProviderRegistry) -> _Row:
    variable = registry.get(name).key_variable
    if not variable:
        return _Row(name, name, True, "built in", "needs no key")
    if os.environ.get(variable):
        return _Row(name, name, True, "environment", variable)
    if variable in stored_names():
        return _Row(name, name, True, "keys", f"{variable}, stored by `modelport keys`")
    return _Row(name, name, False, None, f"set {variable}, or add it under `credentials`")


def _show(rows: list[_Row]) -> None:
    from rich.table import Table
    from rich.text import Text

    if (terminal_width() or _NARROW) < _NARROW:
        for row in rows:
            provider = "" if row.provider == row.name else f" ({row.provider})"
            write_lines([Text(f"{row.name}{provider}: {row.source or 'no'}"), Text(f"  {row.place}")])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("name", "provider", "configured"):
        table.add_column(title, no_wrap=True)
    table.add_column("where", overflow="fold")
    for row in rows:
        source = row.source or "no"
        table.add_row(row.name, row.provider, source, Text(row.place), style=None if row.configured else "dim")
    show(table)
