"""Completion of models' and providers' names in a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    _Type = click.ParamType[str]
else:
    _Type = click.ParamType  # not generic in click 8.1

__all__ = ["MODEL_NAME", "PROVIDER_NAME"]


class _ModelName(_Type):
    """A model, as `provider/name` or by its name alone."""

    name = "name"

    def __init__(self, kind: str | None = None) -> None:
        self._kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so."""
        from .index import model_rows, registry_of

        rows = model_rows(registry_of(None), kind=self._kind)
        names = [row.full_name if "/" in incomplete else row.name for row in rows]
        if "/" not in incomplete:
            names += sorted({f"{row.provider}/" for row in rows})
        return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete)]


class _ProviderName(_Type):
    """A provider."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so."""
        from .index import registry_of

        return [CompletionItem(name) for name in registry_of(None).names() if name.startswith(incomplete)]


MODEL_NAME = {kind: _ModelName(kind) for kind in ("chat", "tts", "stt", "embedding", "realtime")} | {"": _ModelName()}
PROVIDER_NAME = _ProviderName()
