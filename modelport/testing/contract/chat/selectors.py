"""The variants of the cases of chat models: which recordings a case is checked on."""

from __future__ import annotations

from ..core.recordings import Recording
from .base import ChatContractBase

__all__ = ["A_BODY", "A_STREAM", "bodies", "broken_streams", "sse_streams", "streams"]

A_STREAM = "a cassette of a streamed answer"
A_BODY = "a cassette of an answer in one piece"


def streams(contract: ChatContractBase) -> list[Recording]:
    """Every streamed answer."""
    return contract.streams()


def sse_streams(contract: ChatContractBase) -> list[Recording]:
    """Every answer streamed as server-sent events."""
    return [tape for tape in contract.streams() if tape.is_sse]


def broken_streams(contract: ChatContractBase) -> list[Recording]:
    """Every stream whose last event is an error."""
    return contract.broken_streams()


def bodies(contract: ChatContractBase) -> list[Recording]:
    """Every good answer in one piece."""
    return contract.bodies()
