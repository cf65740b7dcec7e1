"""The question: the prompt, what is piped in, and attachments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ...domain.card.cards import ModelCard
    from ...domain.message.blocks import DataBlock

__all__ = ["attachment", "check_seen", "given_prompt", "piped_attachments"]

_MOST_CHARACTERS = 64 * 1024 * 1024
_WEB = ("http://", "https://", "data:")


def given_prompt(prompt: str | None, attachments: Sequence[str] = (), needed: bool = True) -> str | None:
    """The piped text, a blank line and the prompt, as far as they are there; `None` to begin a conversation.

    Without a terminal there is no conversation, so that an empty prompt is an error then if one is `needed`.
    """
    if "-" in attachments:
        if prompt is None and not needed:
            return None
        if prompt is None:
            raise click.UsageError("-a - takes what is piped in as the attachment; give a PROMPT beside it")
        return _not_empty(prompt)
    if sys.stdin.isatty():
        return prompt if prompt is None else _not_empty(prompt)
    piped = sys.stdin.read(_MOST_CHARACTERS + 1)
    if len(piped) > _MOST_CHARACTERS:
        raise click.UsageError(f"more than {_MOST_CHARACTERS:,} characters are piped in; give a file with -a instead")
    if prompt is None:
        return _not_empty(piped) if needed or piped.strip() else None
    _not_empty(prompt)
    return f"{piped.rstrip()}\n\n{prompt}" if piped.strip() else prompt


def _not_empty(prompt: str) -> str:
    if not prompt.strip():
        raise click.UsageError("the prompt is empty")
    return prompt


def piped_attachments(given: Sequence[str]) -> list[DataBlock]:
    """The attachments in their order."""
    if given.count("-") > 1:
        raise click.UsageError("-a - is given twice, and there is one standard input")
    return [attachment(each) for each in given]


def attachment(given: str) -> DataBlock:
    """The file, the URL, or with `-` what is piped in; a `UsageError` says why it cannot be attached."""
    from ...domain.message.attachments import LARGEST_FILE
    from ...domain.message.blocks import DataBlock

    try:
        if given == "-":
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
            if not data or len(data) > LARGEST_FILE:
                raise ValueError(f"expected 1 to {LARGEST_FILE:,} bytes on the standard input")
            return DataBlock.from_bytes(data)
        if given.startswith(_WEB):
            return DataBlock.from_url(given)
        return DataBlock.from_file(Path(given).expanduser())
    except OSError as error:
        raise click.UsageError(f"-a {given}: {error.strerror or error}; give a file, a URL, or - for a pipe") from error
    except ValueError as error:
        raise click.UsageError(f"-a {given[:200]}: {error}") from error


def check_seen(blocks: Sequence[DataBlock], card: ModelCard) -> None:
    """Raise a `UsageError` for an attachment of a kind that the model's card does not list."""
    for block in blocks:
        kind = block.source.media_type
        if kind and card.known and not card.accepts(kind):
            raise click.UsageError(
                f"-a {block.name or kind}: {card.name} does not take {kind}, only {', '.join(card.input_types)}; "
                "`modelport models` shows which models see and hear"
            )
