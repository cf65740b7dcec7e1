"""`modelport record`: records one call to the real endpoint as a cassette."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...application.blocking.loops import run as run_loop
from ..console.terminal import note

if TYPE_CHECKING:
    from ...application.chat.model import ChatModelBase
    from ...application.model.credential import CredentialBase
    from ...composition.hub import Modelport
    from ..cassette import Recording

__all__ = ["record"]


@click.command()
@click.argument("scenario")
@click.argument("prompt")
@click.option("--model", required=True, metavar="NAME", help="A name under `chat` in the settings, or provider/model.")
@click.option("--config", type=click.Path(path_type=Path), help="A settings file; by default ./modelport.yaml.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write to; by default cassettes/PROVIDER.")
@click.option("--server", metavar="TEXT", help="The server and version that answered; by default its host and header.")
@click.option("--stream/--no-stream", default=True, help="Whether to ask for a stream.")
def record(
    scenario: str, prompt: str, model: str, config: Path | None, out: Path | None, server: str | None, stream: bool
) -> None:
    """Ask a model once and write the traffic to SCENARIO.yaml, without keys.

    An error answer is recorded too, and then reported; it does not replace a cassette without errors.

    \b
    Examples:
      modelport record capitals "Name three capitals." --model openai/gpt-4.1-mini --out fixtures/cassettes/openai
    """
    from ...adapters.cassettes.writer import holds_errors
    from ..cassette import write_cassette
    from ..choice import choose
    from ..pull import pull_embedded

    hub, name = choose(config, model)
    chosen = hub.chat(name)
    pull_embedded(chosen)
    recording, failure = run_loop(_record(hub, chosen, prompt, stream))
    path = (out or Path("cassettes") / chosen.provider_name) / f"{scenario}.yaml"
    today = datetime.now(timezone.utc).date()
    if failure is not None and path.exists() and not holds_errors(path):
        note(f"{path} is kept as it was, because this call failed")
        raise failure
    write_cassette(recording, path, _secrets(chosen.credential), server, today)
    note(f"wrote {path}: {len(recording.interactions)} request(s)")
    if failure is not None:
        raise failure


async def _record(
    hub: Modelport, model: ChatModelBase, prompt: str, stream: bool
) -> tuple[Recording, Exception | None]:
    """The traffic of one call without retries, and the error that ended it."""
    from ...domain.errors import ModelError
    from ...domain.message.messages import UserMsg
    from ...domain.message.responses import ChatResponse
    from ...domain.retry import RetryPolicy
    from ..cassette import record_calls

    model.stream = stream
    model.retry_policy = RetryPolicy(max_retries=0)
    failure = None
    async with hub, record_calls() as recording:
        try:
            answer = await model([UserMsg("user", prompt)])
            if not isinstance(answer, ChatResponse):
                async for _ in answer:
                    pass
        except ModelError as error:
            failure = error
    return recording, failure


def _secrets(credential: CredentialBase) -> list[str]:
    """The values of all secret fields."""
    from pydantic import SecretStr

    values = (getattr(credential, name) for name in type(credential).model_fields)
    return [value.get_secret_value().strip() for value in values if isinstance(value, SecretStr)]
