"""Playing cassettes: the model class against recorded or authored traffic, with what was sent compared and validated."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vcr
import yaml

from modelport.message import Msg
from modelport.model import ChatModelBase, ChatResponse
from tests.validators import validate

__all__ = ["CASSETTES", "ask", "cassette_body", "played"]

CASSETTES = Path(__file__).parents[1] / "fixtures" / "cassettes"
Json = dict[str, Any]  # Any: JSON


def cassette_body(provider: str, scenario: str, number: int = 0) -> Json:
    """The body of a request on a cassette."""
    document = yaml.safe_load((CASSETTES / provider / f"{scenario}.yaml").read_text())
    body: Json = json.loads(document["interactions"][number]["request"]["body"])
    return body


@contextmanager
def played(provider: str, scenario: str, target: str | None = None) -> Iterator[None]:
    """Plays a cassette. Afterwards every request must be the cassette's, and legal for the validator's `target`."""
    path = CASSETTES / provider / f"{scenario}.yaml"
    document = yaml.safe_load(path.read_text())
    assert document["origin"], "a cassette says where it comes from"
    sent: list[Json] = []

    def keep(http_request: Any) -> Any:  # Any: vcrpy's request
        sent.append(json.loads(http_request.body))
        return http_request

    matching = {"record_mode": "none", "match_on": ["method", "scheme", "host", "path"]}
    with vcr.use_cassette(str(path), before_record_request=keep, allow_playback_repeats=False, **matching) as cassette:
        yield
        assert cassette.all_played, "every interaction of the cassette is used"
    wanted = [json.loads(interaction["request"]["body"]) for interaction in document["interactions"]]
    distinct = [body for index, body in enumerate(sent) if body not in sent[:index]]  # vcrpy shows some twice
    assert distinct == wanted
    if target is not None:
        assert [violation for body in wanted for violation in validate(target, body)] == []


async def ask(model: ChatModelBase, messages: list[Msg], **options: Any) -> ChatResponse:  # Any: call options
    """The last response; of a stream, checked to be what the deltas add up to."""
    answer = await model(messages, **options)
    if not isinstance(answer, AsyncGenerator):
        return answer
    responses = [response async for response in answer]
    assert [response.is_last for response in responses] == [False] * (len(responses) - 1) + [True]
    assert "".join(response.text for response in responses[:-1]) == responses[-1].text
    return responses[-1]
