"""The group of commands, and the exit status and message for each kind of error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from ..domain.errors import ModelportError
from .console.streams import discard, replace_closed_streams
from .console.terminal import complain, error_status

__all__ = ["run"]

_HUB_EXTRA = "dependency_injector"


_COMMANDS = {
    "chat": "Ask a model and stream its answer, or have a conversation.",
    "talk": "Talk with a realtime model, and print what is said.",
    "speak": "Speak a text into an audio file.",
    "transcribe": "Write down what is said in an audio file.",
    "embed": "Turn texts into vectors.",
    "similar": "Keep texts with their vectors in collections, and search them.",
    "models": "List the known models, or show one and its parameters.",
    "keys": "Store keys of providers, which are never shown.",
    "logs": "List, show and search stored conversations.",
    "templates": "Keep options of `modelport chat` under a name.",
    "doctor": "Say what is installed, configured and reachable.",
    "credentials": "List the providers, and where each is configured.",
    "cache": "Inspect and shrink the embedding cache.",
    "record": "Ask a model once and write the traffic to a file.",
    "contract": "Check the adapters of a provider against its cassettes.",
}
"""Each command and what the list of commands says of it; its module, of the same name, is imported when it is used."""


class _Commands(click.Group):
    """A group that imports a command when it is used.

    It ends quietly when its reader does: `modelport chat … | head -1` is not an error.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = getattr(import_module(f".commands.{cmd_name}", __package__), cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:  # Any: what the command returned
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            discard(sys.stdout, sys.stderr)
            return 0


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="modelport", prog_name="modelport", message="%(prog)s %(version)s")
@click.pass_context
def commands(context: click.Context) -> None:
    """One neutral model layer over every provider's own wire protocol."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its status; every expected error becomes one line on stderr."""
    replace_closed_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character outside the terminal's encoding becomes a question mark
    try:
        status = commands.main(arguments, prog_name="modelport", standalone_mode=False)
    except click.ClickException as error:
        complain(_usage(error))
        return 2
    except (click.Abort, KeyboardInterrupt):
        raise KeyboardInterrupt from None
    except ModelportError as error:
        complain(str(error))
        return error_status(error)
    except ImportError as error:
        if error.name != _HUB_EXTRA:
            raise
        complain("models need an extra: pip install 'modelport[hub]'")
        return 1
    except OSError as error:
        complain(_failed_file(error))
        discard(sys.stdout)  # what could not be written must not be tried again at exit
        return 1
    return status if isinstance(status, int) else 0


def _failed_file(error: OSError) -> str:
    """The file or stream at fault, and why."""
    place = f"{error.filename}: " if error.filename is not None else "standard input or output: "
    return f"{place}{error.strerror or error}"


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f"; see {context.command_path} --help" if context else ""
    return error.format_message().rstrip(".") + hint
