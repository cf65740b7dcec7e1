"""The contract of a chat model: one class and a folder of cassettes.

class TestMine(ChatContract):
    model = MyChatModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.case import Case
from ..model import byte_changes, cards, refusals, sockets, timeouts
from ..strict import cases as strict_cases
from . import bodies, consumers, request_cases, streams, token_counting, truncation
from .base import ChatContractBase
from .structured import cases as structured_cases

__all__ = ["ChatContract"]


class ChatContract(ChatContractBase):
    """What every chat model does, whatever its server, its network or its caller do.

    Attributes:
        model: the class.
        credential: one that it takes; its keys are replaced by known ones.
        cassettes: the folder of cassettes, or several. Those of other endpoints in it are passed over.
        model_name: the model to ask where a cassette names none; by default the first of the cards.
        limit: how many mutations of one kind are made of one cassette at most.
        patience: seconds of real time to wait for what should happen at once.
        error_event: a frame of a stream that reports an error, with its terminator; by default the last one of a
            streamed cassette named `error…`, else the JSON object that most providers send.
        api: by whose rules requests are judged, one of `modelport.testing.servers.strict.APIS`; by default that of the
            provider and the path, where its rules are known.
    """

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *streams.CASES,
        *byte_changes.CASES,
        *bodies.CASES,
        *truncation.CASES,
        *refusals.CASES,
        *timeouts.CASES,
        *consumers.CASES,
        *sockets.CASES,
        *request_cases.CASES,
        *cards.CASES,
        *structured_cases.CASES,
        *token_counting.CASES,
        *strict_cases.CASES,
    )
