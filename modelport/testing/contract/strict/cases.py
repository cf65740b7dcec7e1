"""Generated conversations become requests that the provider accepts: a strict server refuses none of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ....adapters.http.httpx import HttpxTransport
from ....domain.chat.tools import ToolChoice
from ....domain.errors import InvalidRequestError
from ...offline import RedirectTransport
from ...servers.strict import StrictServer, violations_of
from ...servers.strict.apis import api_of
from ..chat.base import ChatContractBase
from ..chat.collect import collect, question
from ..chat.requests import TOOLS
from ..core.case import Case, NotApplicableError, case, require, require_equal
from ..core.mutated_transport import UnreachableTransport
from .conversations import CONVERSATIONS, conversation, tools

__all__ = ["CASES", "Batch", "batches", "check_batch"]

_BATCH = 12
_OVER_SOCKETS = 12
_SHOWN = 3
_CHOICES = (ToolChoice("none"), ToolChoice("required"), ToolChoice("wind"), ToolChoice("auto", ["wind"]))


@dataclass(frozen=True)
class Batch:
    """Conversations that are checked together: those of these seeds."""

    seeds: range

    def __str__(self) -> str:
        return f"conversations {self.seeds.start}-{self.seeds.stop - 1}"


def batches(contract: object) -> list[Batch]:
    """All conversations, a few at a time."""
    starts = range(0, CONVERSATIONS, _BATCH)
    return [Batch(range(start, min(start + _BATCH, CONVERSATIONS))) for start in starts]


def _names(contract: ChatContractBase) -> Sequence[str]:
    """The models that are asked in turn: those of the cards."""
    return [card.name for card in contract.model.list_models()] or [contract.default_model()]


def _api(contract: ChatContractBase, url: str) -> str:
    """By whose rules a request is judged."""
    api = contract.api or api_of(type(contract.credential).provider_name(), urlsplit(url).path)
    if api is None:
        raise NotApplicableError("needs api: by whose rules requests are judged")
    return api


async def _refused(contract: ChatContractBase, model: Any, *arguments: Any, **options: Any) -> tuple[str, list[str]]:
    """The request as text, and what the provider would say against it (Any: a model, arguments of the call)."""
    transport = model.runtime.transport
    result = await collect(model, *arguments, **options)
    if not transport.requests:
        raise result.error or AssertionError("no request was made")
    request = transport.requests.pop()
    found = violations_of(_api(contract, request.url), json.loads(request.body), model.model)
    text = json.dumps(json.loads(request.body), ensure_ascii=False)
    return text, [f"{each.path}: {each.message} ({each.rule}, {each.source})" for each in found]


async def check_batch(contract: ChatContractBase, batch: Batch, formatter: Any = None) -> str:
    """Raise unless every conversation of the batch becomes a legal request that holds its texts.

    The formatter is the class's own unless another one is given (Any: a formatter).
    """
    names = _names(contract)
    wrong: list[str] = []
    for seed in batch.seeds:
        name, history = names[seed % len(names)], conversation(seed)
        model = contract.build(UnreachableTransport(), name, max_retries=0, formatter=formatter)
        text, refused = await _refused(contract, model, history.make(), tools=tools(seed))
        lost = [f"{each!r} is sent {text.count(each)} times" for each in history.texts if text.count(each) != 1]
        wrong += [f"conversation {history} to {name}: {each}" for each in (*refused, *lost)]
    require(not wrong, f"{len(wrong)} refusals: {'; '.join(wrong[:_SHOWN])}")
    return f"{len(batch.seeds)} conversations"


@case("A tool choice is sent as the provider takes it")
async def strict_choices(contract: ChatContractBase, variant: str) -> str:
    wrong, sent = [], 0
    for name in _names(contract):
        for choice in _CHOICES:
            model = contract.build(UnreachableTransport(), name, max_retries=0)
            try:
                _, refused = await _refused(contract, model, question(), tools=TOOLS, tool_choice=choice)
            except InvalidRequestError:
                continue  # before anything was sent
            sent += 1
            wrong += [f"{choice} to {name}: {each}" for each in refused]
    require(not wrong, f"{len(wrong)} refusals: {'; '.join(wrong[:_SHOWN])}")
    return f"{sent} requests"


@case("A strict server on loopback answers generated conversations")
async def strict_server(contract: ChatContractBase, variant: str) -> str:
    probe = contract.build(UnreachableTransport(), max_retries=0)
    await collect(probe)
    api, names = _api(contract, probe.runtime.transport.requests[0].url), _names(contract)
    async with StrictServer(api) as server:
        transport = RedirectTransport(HttpxTransport(), server.base_url)
        try:
            for seed in range(_OVER_SOCKETS):
                model = contract.build(transport, names[-1 - seed % len(names)], max_retries=0)
                (await collect(model, conversation(seed).make(), tools=tools(seed))).whole()
        finally:
            await transport.aclose()
        require_equal("what the server refuses", server.violations, [])
    return f"{_OVER_SOCKETS} conversations"


CASES: tuple[Case[Any], ...] = (strict_choices, strict_server)
"""Those of a chat model; `check_batch` is the case of a formatter."""
