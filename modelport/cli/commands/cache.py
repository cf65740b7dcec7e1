"""`modelport cache`: statistics of the embedding cache, and the removal of entries."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from ...application.blocking.loops import run as run_loop
from ...domain.errors import SettingsError
from ..console.terminal import write

__all__ = ["cache"]

T = TypeVar("T")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_config = click.option(
    "--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml."
)


@click.group()
def cache() -> None:
    """Inspect and shrink the embedding cache: that of the settings, else the user's own.

    \b
    Examples:
      modelport cache stats
      modelport cache prune --max-age 30d
      modelport cache clear --yes
    """


@cache.command()
@_config
def stats(config: Path | None) -> int:
    """Show how many vectors there are, and how old they are."""
    found, where = _with_cache(config, lambda kept: kept.stats())
    write(f"where    {where}\nentries  {found.entries:,}\nsize     {found.size_bytes / 1_048_576:,.1f} MB\n")
    if found.entries:
        write(f"oldest   {_moment(found.oldest)}\nnewest   {_moment(found.newest)}\n")
    return 0


@cache.command()
@_config
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(config: Path | None, yes: bool) -> int:
    """Remove every vector."""
    found, where = _with_cache(config, lambda kept: kept.stats())
    if not yes and not click.confirm(f"remove {found.entries:,} entries from {where}?", err=True):
        return 1
    _with_cache(config, lambda kept: kept.clear())
    write(f"removed {found.entries:,} entries\n")
    return 0


@cache.command()
@_config
@click.option("--max-age", metavar="AGE", help="Remove older vectors: a number with s, m, h, d or w, such as 30d.")
@click.option("--max-entries", type=click.IntRange(min=0), help="Then keep only this many of the newest.")
def prune(config: Path | None, max_age: str | None, max_entries: int | None) -> int:
    """Remove old vectors."""
    if max_age is None and max_entries is None:
        raise click.UsageError("give --max-age or --max-entries")
    seconds = None if max_age is None else _age(max_age)
    removed, _ = _with_cache(config, lambda kept: kept.prune(max_age=seconds, max_entries=max_entries))
    write(f"removed {removed:,} entries\n")
    return 0


def _with_cache(config: Path | None, work: Callable[[Any], Awaitable[T]]) -> tuple[T, str]:
    """The result of `work` on the cache, and where the cache is (Any: caches share maintenance methods)."""
    from ..choice import choose_cache

    kept, where = choose_cache(config)

    async def run() -> T:
        try:
            return await work(kept)
        except OSError as error:
            raise SettingsError(f"the cache at {where} cannot be used: {error.strerror or error}") from error
        finally:
            await kept.aclose()

    return run_loop(run()), where


def _age(text: str) -> float:
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise click.UsageError(f"--max-age: expected a number and a unit, such as 12h or 30d, got {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


def _moment(when: datetime | None) -> str:
    return when.astimezone().isoformat(" ", "seconds") if when else "-"
