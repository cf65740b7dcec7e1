"""Playing cassettes: a model class against recorded or authored traffic; what was sent is compared and validated."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import vcr
import yaml

from modelport.composition.defaults import build_runtime, replaced_default_runtime
from modelport.message import Msg, TextBlock, ThinkingBlock, ToolCallBlock
from modelport.model import ChatModelBase, ChatResponse
from modelport.testing.servers.strict import violations_of
from modelport.transport import HttpRequest, HttpResponse, HttpxTransport

__all__ = ["CASSETTES", "ask", "cassette_body", "played"]

CASSETTES = Path(__file__).parents[1] / "fixtures" / "cassettes"
Json = dict[str, Any]  # Any: JSON


def cassette_body(provider: str, scenario: str, number: int = 0) -> Json:
    """The body of a request on a cassette."""
    document = yaml.safe_load((CASSETTES / provider / f"{scenario}.yaml").read_text())
    body: Json = json.loads(document["interactions"][number]["request"]["body"])
    return body


class _Capturing:
    """Notes the bodies that really leave: vcrpy shows its filters the recorded requests as well as ours."""

    def __init__(self) -> None:
        self.sent: list[Json] = []
        self._inner = HttpxTransport(transport=httpx.AsyncHTTPTransport())  # the class that vcrpy patches

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self.sent.append(json.loads(request.body))
        return await self._inner.send(request, on_connected)

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def played(provider: str, scenario: str, target: str | None = None) -> Iterator[None]:
    """Plays a cassette. Afterwards every request must be the cassette's, and legal for the validator's `target`."""
    path = CASSETTES / provider / f"{scenario}.yaml"
    document = yaml.safe_load(path.read_text())
    assert document["origin"], "a cassette says where it comes from"
    transport = _Capturing()
    matching = {"record_mode": "none", "match_on": ["method", "scheme", "host", "path"]}
    with (
        replaced_default_runtime(lambda: build_runtime(transport)),
        vcr.use_cassette(str(path), allow_playback_repeats=False, **matching) as cassette,
    ):
        yield
        assert cassette.all_played, "every interaction of the cassette is used"
    wanted = [json.loads(interaction["request"]["body"]) for interaction in document["interactions"]]
    assert transport.sent == wanted
    if target is not None:
        models = [_model_in(interaction["request"]["uri"]) for interaction in document["interactions"]]
        assert [
            found for body, model in zip(wanted, models, strict=True) for found in violations_of(target, body, model)
        ] == []


def _model_in(uri: str) -> str | None:
    """The model, where the path names it and not the body."""
    named = re.search(r"/models/([^:/]+):", uri)
    return named[1] if named else None


async def ask(model: ChatModelBase, messages: list[Msg], **options: Any) -> ChatResponse:  # Any: call options
    """The last response; of a stream, checked to be what the deltas add up to."""
    answer = await model(messages, **options)
    if not isinstance(answer, AsyncGenerator):
        return answer
    responses = [response async for response in answer]
    assert [response.is_last for response in responses] == [False] * (len(responses) - 1) + [True]
    assert _said(responses[:-1]) == _said(responses[-1:])
    return responses[-1]


def _said(responses: Sequence[ChatResponse]) -> dict[str, str]:
    """All text of each kind."""
    said = {"text": "", "thinking": "", "tool_call": ""}
    for block in (block for response in responses for block in response.content):
        if isinstance(block, ToolCallBlock):
            said[block.type] += block.input
        elif isinstance(block, TextBlock | ThinkingBlock):
            said[block.type] += block.text if isinstance(block, TextBlock) else block.thinking
    return said
