"""One row for each known model. Those of this package are read from an index in the user's cache folder.

The index is made of the cards once and again when a card file changed, so that a list needs neither the cards nor the
classes of all providers.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from ... import __version__
from ...domain.errors import SettingsError

if TYPE_CHECKING:
    from ...composition.providers.catalogue import CatalogueEntry
    from ...composition.providers.registry import ProviderRegistry
    from ...domain.card.cards import CardKind

__all__ = ["ModelRow", "index_file", "model_rows", "registry_of"]

_ADAPTERS = Path(__file__).parents[2] / "adapters"
_LARGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What the table shows of a model; `context` and `output` are in tokens."""

    provider: str
    name: str
    kind: CardKind
    status: str
    aliases: Sequence[str]
    context: int | None
    output: int | None
    sees: bool
    hears: bool
    thinks: bool
    tools: bool
    schema: bool

    @property
    def full_name(self) -> str:
        """`provider/name`, as `--model` takes it."""
        return f"{self.provider}/{self.name}"


def registry_of(config: Path | None) -> ProviderRegistry:
    """The providers of this package, of entry points, and of the settings file, if it has any."""
    from ...composition.providers.registry import ProviderRegistry

    try:
        if config is None or b"providers" not in config.read_bytes():
            return ProviderRegistry()
    except OSError as error:
        raise SettingsError(f"{config}: cannot be read: {error.strerror}") from error
    from ..choice import known_providers

    return known_providers(config)


def model_rows(registry: ProviderRegistry, provider: str | None = None, kind: str | None = None) -> list[ModelRow]:
    """The models by provider, kind and name; raises `SettingsError` for an unknown provider."""
    wanted = [provider] if provider else registry.names()
    own = set(registry.built_in())
    found: list[ModelRow] = []
    if own & set(wanted):
        found += [row for row in _own_rows() if row.provider in wanted and row.provider in own]
    for name in wanted:
        if name not in own:
            found += _rows(registry, name)
    found.sort(key=lambda row: (row.provider, row.kind, row.name))
    return [row for row in found if kind in (None, row.kind)]


def index_file() -> Path:
    """Where the index is kept."""
    return Path(platformdirs.user_cache_dir("modelport", appauthor=False)) / "models.json"


def _own_rows() -> list[ModelRow]:
    mark, path = _mark(), index_file()
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(_LARGEST))
        if kept["mark"] == mark:
            return [ModelRow(*row) for row in kept["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # there is none yet, or it is damaged; it is made again
    from ...composition.providers.registry import ProviderRegistry

    registry = ProviderRegistry()
    rows = [row for name in registry.built_in() for row in _rows(registry, name)]
    _keep(path, mark, rows)
    return rows


def _keep(path: Path, mark: str, rows: Iterable[ModelRow]) -> None:
    names = [field.name for field in fields(ModelRow)]
    content = {"mark": mark, "rows": [[asdict(row)[name] for name in names] for row in rows]}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(content), encoding="utf-8")
        os.replace(unfinished, path)
    except OSError:  # a list without an index is only slower
        with suppress(OSError):
            unfinished.unlink()


def _mark() -> str:
    """Changes with the release and with each card file."""
    seen = [f"{__version__} {_ADAPTERS} {[field.name for field in fields(ModelRow)]}"]
    for folder, _, files in os.walk(_ADAPTERS):
        for name in files:
            if name.endswith((".yaml", ".yml")):
                facts = os.stat(os.path.join(folder, name))
                seen.append(f"{folder}/{name} {facts.st_mtime_ns} {facts.st_size}")
    return hashlib.sha256("\n".join(sorted(seen)).encode()).hexdigest()


def _rows(registry: ProviderRegistry, provider: str) -> list[ModelRow]:
    from ...adapters.cards.yaml_source import YamlCardSource
    from ...composition.providers.catalogue import catalogue

    return [_row(entry) for entry in catalogue(registry, YamlCardSource(), provider)]


def _row(entry: CatalogueEntry) -> ModelRow:
    from ...domain.card.cards import ModelCard

    card: Any = entry.card  # Any: the fields of its kind
    chat = isinstance(card, ModelCard)
    return ModelRow(
        provider=entry.provider,
        name=card.name,
        kind=entry.kind,
        status=card.status,
        aliases=list(card.aliases),
        context=getattr(card, "context_size", None),
        output=getattr(card, "output_size", None),
        sees=card.accepts("image/png") or card.accepts("image/jpeg"),
        hears=any(kind.startswith("audio/") or kind == "*/*" for kind in card.input_types),
        thinks=bool(getattr(card, "thinks", False)),
        tools=bool(getattr(card, "tools", False)),
        schema=chat and card.structured_output.json_schema,
    )
