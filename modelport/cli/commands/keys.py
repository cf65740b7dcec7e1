"""`modelport keys`: stores keys of providers; they are never shown."""

from __future__ import annotations

import os
import re
import sys

import click

from ..console.terminal import note, write, write_json
from ..listing.complete import PROVIDER_NAME

__all__ = ["keys"]

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,80}")


@click.group()
def keys() -> None:
    """Store keys of providers: in the system's keyring where there is one, else in a file that only you read.

    A key is looked for in this order: the settings file, the environment, then what is stored here. The keyring needs
    the package keyring. Keys are never shown.

    \b
    Examples:
      modelport keys set openai
      modelport keys set anthropic < key.txt
      modelport keys list
    """


@keys.command(name="set")
@click.argument("provider", type=PROVIDER_NAME)
def set_key(provider: str) -> int:
    """Store the key of PROVIDER, or of a variable such as HARBOUR_KEY.

    It is asked for on a terminal, else read from standard input.
    """
    from ..keys import store_key

    variable = _variable(provider)
    if sys.stdin.isatty():
        value = click.prompt(f"{variable} (not shown)", hide_input=True, err=True)
    else:
        value = sys.stdin.read(65_536)
    value = value.strip()
    if not value or not value.isprintable() or any(letter.isspace() for letter in value):
        raise click.UsageError("expected one key, on one line and without blanks")
    place = store_key(variable, value)
    note(f"stored {variable} in {place}")
    if os.environ.get(variable):
        note(f"the environment has {variable} too, which is used instead", style="yellow")
    return 0


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON array.")
def list_keys(as_json: bool) -> None:
    """List the variables for which a key is stored."""
    from ..keys import stored_names

    names = stored_names()
    if as_json:
        write_json(names)
    else:
        write("".join(f"{name}\n" for name in names))
        if not names:
            note("no key is stored; `modelport keys set openai` stores one")


@keys.command()
def path() -> None:
    """Show where keys are stored."""
    from ..keys import key_file, uses_keyring

    write(f"{key_file()}\n")
    if uses_keyring():
        note("the keys themselves are in the system's keyring")


@keys.command()
@click.argument("provider", type=PROVIDER_NAME)
def remove(provider: str) -> int:
    """Remove the stored key of PROVIDER."""
    from ..keys import forget_key

    variable = _variable(provider)
    if not forget_key(variable):
        raise click.UsageError(f"no key is stored for {variable}; `modelport keys list` shows those that are")
    note(f"removed {variable}")
    return 0


def _variable(provider: str) -> str:
    """The environment variable of a provider's key; a variable stands for itself.

    The current folder's settings have no say in it: they could give a known provider another variable.
    """
    from ..listing.index import registry_of

    if _VARIABLE.fullmatch(provider):
        return provider
    found = registry_of(None).get(provider)
    if not found.key_variable:
        raise click.UsageError(f"{provider} needs no key")
    return found.key_variable
