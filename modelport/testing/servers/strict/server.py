"""The server: it reads a request as strictly as the provider, and answers a legal one with a made-up reply."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from ...providers import answer_provider
from ..http import RecordedRequest, ScriptedAnswer, ScriptedServer
from .apis import rules_of, violations_of
from .common import Violation
from .refusals import refusal_of

__all__ = ["StrictServer"]

_IN_PATH = re.compile(r"/models/([^:/?]+):")
_NO_MESSAGES = ("/count_tokens", "/input_tokens", ":countTokens")
"""Endpoints whose bodies are part of a chat request; they are answered, and not held to its rules."""


class StrictServer(ScriptedServer):
    """Refuses with status 400, in the words and the form of its API, what the provider refuses; answers the rest.

        async with StrictServer("deepseek") as server:
            model = DeepSeekChatModel(DeepSeekCredential(api_key="k", base_url=server.base_url), "deepseek-chat")
            ...
            assert not server.violations

    The rules are about the body: tools and their schemas, roles and their order, calls, their arguments and their
    results, empty content, media, thinking and its replay data, and the fields and values of a request. Each names the
    heading of the handbook that states it (`rules_of`). Answers repeat the question or call a tool that is offered, as
    those of `offline_providers` do.

    Args:
        api: one of `APIS` or `FURTHER_APIS`. Raises `ValueError` for another one.
        port: a port of this machine; 0 takes a free one.
    """

    def __init__(self, api: str, port: int = 0) -> None:
        rules_of(api)
        super().__init__(self._answer, port)
        self.api = api
        self.violations: list[Violation] = []
        """The broken rules of all requests so far."""

    def _answer(self, request: RecordedRequest) -> ScriptedAnswer:
        if request.path.partition("?")[0].endswith(_NO_MESSAGES):
            return answer_provider(request)
        found = read_violations(self.api, request.body, _model_in(request.path))
        self.violations += found
        return ScriptedAnswer.json(refusal_of(self.api, found), 400) if found else answer_provider(request)


def read_violations(api: str, body: bytes, model: str | None = None) -> list[Violation]:
    """The broken rules of a body as bytes: first of JSON itself, then of the API."""
    try:
        value = json.loads(body, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return [_of_json(f"the body is not JSON: {error}")]
    if not isinstance(value, dict):
        return [_of_json("the body is not an object")]
    return violations_of(api, value, model)


def _of_json(message: str) -> Violation:
    return Violation("json-body", "$", message, "docs/protocols/transport.md#request-bodies")


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


def _model_in(path: str) -> str | None:
    """The model, where the path names it and not the body."""
    named = _IN_PATH.search(path)
    return named[1] if named else None
