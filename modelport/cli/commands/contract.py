"""`modelport contract`: checks a provider's adapters against their cassettes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...domain.errors import SettingsError
from ..console.terminal import note, show, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from ...testing.contract.core.contract import Contract
    from ...testing.contract.core.report import Report

__all__ = ["contract"]

_STYLES = {"broken": "red", "left out": "yellow", "not applicable": "dim"}
_TITLES = ("case", "status", "checked")


@click.command()
@click.argument("provider")
@click.option("--cassettes", type=click.Path(path_type=Path), metavar="DIR", help="The folder of its cassettes.")
@click.option("--config", type=click.Path(path_type=Path), help="A settings file whose providers are known too.")
@click.option("--json", "as_json", is_flag=True, help="Write every outcome as a JSON object.")
@click.option("--case", "case_name", metavar="NAME", help="Only this case.")
def contract(provider: str, cassettes: Path | None, config: Path | None, as_json: bool, case_name: str | None) -> int:
    """Check the adapters of PROVIDER against its cassettes, offline. The exit status is 1 if a case is broken.

    Providers of installed packages, and those in the settings file given with --config, are checked like built-in
    ones. Without --cassettes, cassettes are looked for in the folder that the provider names, and in
    ./cassettes/PROVIDER and ./fixtures/cassettes/PROVIDER. A class whose endpoint is on no cassette is not checked,
    and a note names it.

    \b
    Examples:
      modelport contract openai --cassettes fixtures/cassettes/openai
      modelport contract harbour --config modelport.yaml --json
    """
    from ...testing.contract.provider import contracts_of
    from ..choice import known_providers

    chosen = contracts_of(known_providers(config).get(provider), cassettes)
    known = sorted({case.name for each in chosen for case in each.cases})
    if case_name is not None and case_name not in known:
        raise click.UsageError(f"--case: unknown case {case_name!r}; expected one of {', '.join(known)}")
    chosen = [each for each in chosen if case_name is None or any(case.name == case_name for case in each.cases)]
    left_out = _without_cassettes(chosen)
    reports = []
    for each in chosen:
        if each().subject not in left_out:
            reports.append(asyncio.run(each().run(case_name)))
            if not as_json:
                _print(reports[-1])
    if as_json:
        write_json(_whole(provider, reports, left_out), indent=2)
    for subject, reason in left_out.items():
        note(f"{subject} was not checked: {reason}")
    return 0 if all(report.held for report in reports) else 1


def _without_cassettes(chosen: Sequence[type[Contract]]) -> dict[str, str]:
    """The classes that no cassette is of, each with the reason; `SettingsError` when that is so of all."""
    from ...testing.contract.provider import unrecorded

    found = {each().subject: reason for each in chosen if (reason := unrecorded(each)) is not None}
    if len(found) == len(chosen):
        reasons = "; ".join(f"{subject}: {reason}" for subject, reason in found.items())
        raise SettingsError(f"none of the provider's classes can be checked: {reasons}")
    return found


def _whole(provider: str, reports: Sequence[Report], left_out: Mapping[str, str]) -> dict[str, Any]:  # Any: JSON values
    """The reports, their counts in total, and the classes that were not checked."""
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update(report.counts)
    shown = [report.to_json() for report in reports]
    return {"provider": provider, "counts": dict(counts), "not_checked": dict(left_out), "reports": shown}


def _print(report: Report) -> None:
    show(f"{report.contract} of {report.subject}", _table(report))
    note(report.summary() + "\n")


def _table(report: Report) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in _TITLES:
        table.add_column(title, overflow="fold")
    table.add_column("detail", overflow="fold")
    for name, status, checked, detail in report.rows():
        table.add_row(name, status, checked, detail, style=_STYLES.get(status))
    return table
