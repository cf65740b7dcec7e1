"""`modelport templates`: options of `modelport chat` under a name."""

from __future__ import annotations

import click

from ..chat.options import THINKING
from ..console.terminal import note, write, write_json

__all__ = ["templates"]


@click.group()
def templates() -> None:
    """Keep options of `modelport chat` under a name, for `modelport chat -t NAME`.

    \b
    Examples:
      modelport templates save commit -s "One line" --prompt 'Write a commit message: $input'
      modelport templates list
      modelport templates show commit
    """


@templates.command()
@click.argument("name")
@click.option("--prompt", metavar="TEXT", help="The prompt; $input in it is what the command is given.")
@click.option("-s", "--system", metavar="TEXT", help="An instruction before the conversation.")
@click.option("-m", "--model", metavar="NAME", help="A name in the settings, or provider/model.")
@click.option("-o", "options", metavar="NAME VALUE", nargs=2, multiple=True, help="An option of the model; repeatable.")
@click.option("--thinking", type=click.Choice(THINKING), help="Whether, or how much, the model thinks.")
@click.option("--schema", metavar="SCHEMA", help="As of `modelport chat`.")
@click.option("-x", "--extract", is_flag=True, help="Write only the first code block of the answer.")
def save(
    name: str,
    prompt: str | None,
    system: str | None,
    model: str | None,
    options: tuple[tuple[str, str], ...],
    thinking: str | None,
    schema: str | None,
    extract: bool,
) -> int:
    """Write or replace the template NAME."""
    from .. import templates as kept

    fields = {"prompt": prompt, "system": system, "model": model, "options": dict(options), "schema_": schema}
    made = kept.Template.model_validate({**fields, "thinking": thinking, "extract": extract})
    if made == kept.Template():
        raise click.UsageError("the template would be empty; give --prompt, -s, -m, -o, --thinking, --schema or -x")
    note(f"wrote {kept.save(name, made)}")
    return 0


@templates.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON array.")
def list_templates(as_json: bool) -> None:
    """List the names of the templates."""
    from .. import templates as kept

    names = kept.names()
    if as_json:
        write_json(names)
    else:
        write("".join(f"{name}\n" for name in names))
        if not names:
            note("no template is stored; `modelport templates save --help` says how to store one")


@templates.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object.")
def show(name: str, as_json: bool) -> None:
    """Show the template NAME."""
    from .. import templates as kept

    fields = {key.rstrip("_"): value for key, value in kept.read(name).model_dump(exclude_defaults=True).items()}
    if as_json:
        write_json(fields)
    else:
        import yaml

        write(yaml.safe_dump(fields, allow_unicode=True, sort_keys=False))


@templates.command()
@click.argument("name")
def remove(name: str) -> int:
    """Remove the template NAME."""
    from .. import templates as kept

    note(f"removed {kept.remove(name)}")
    return 0


@templates.command()
def path() -> None:
    """Show the folder of the templates."""
    from .. import templates as kept

    write(f"{kept.folder()}\n")
