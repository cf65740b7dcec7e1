"""A provider that takes part in a conversation: what its server says, and what must come of it in later requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Type

from modelport.application.chat.model import ChatModelBase
from modelport.formatter import FormatterBase
from modelport.testing.servers.http import ScriptedAnswer

__all__ = ["STEPS", "Call", "Json", "Origin", "Said", "seal", "thought"]

Json = dict[str, Any]  # Any: a provider's JSON


@dataclass(frozen=True)
class Call:
    """A tool call: `number` is its place in the whole conversation."""

    number: int
    name: str
    arguments: str


@dataclass(frozen=True)
class Said:
    """One answer of the model: it thinks, speaks and calls tools."""

    number: int
    text: str = ""
    calls: tuple[Call, ...] = ()


STEPS = (
    Said(1, "I look both up.", (Call(1, "gauge", '{"place":"quay-1"}'), Call(2, "wind", '{"place":"quay-2"}'))),
    Said(2, "", (Call(3, "gauge", '{"place":"quay-3"}'),)),
    Said(3, "Brest stands at 2.31 m."),
)
"""Two calls side by side, one more, and the answer."""


def thought(origin: str, number: int) -> str:
    """What that provider thinks before it speaks: its own words, so that they are known wherever they turn up."""
    return f"{origin} ponders step {number}."


def seal(origin: str, number: int) -> str:
    """A signature or an encrypted item of that provider: base64 that is unique."""
    return f"{origin.replace('_', '')}Seal{number}".ljust(32, "A")


@dataclass(frozen=True)
class Origin:
    """One chat class in both roles: it made a conversation, and it is asked to go on with one."""

    name: str
    target: str
    """The name of its validator."""
    model_name: str
    build: Callable[..., ChatModelBase]
    multi_agent: Type[FormatterBase]
    content_type: str
    answer_to: Callable[[Said], bytes]
    """The stream of one answer."""
    kept: tuple[str, ...] = ()
    """What its own server wants back of this conversation: thoughts or seals."""
    sees_images: bool = True

    def model(self, url: str, **options: Any) -> ChatModelBase:  # Any: options of the model
        """A model that talks to that server."""
        return self.build(url, self.model_name, **options)

    def answer(self, said: Said) -> ScriptedAnswer:
        """The answer of its server."""
        return ScriptedAnswer(200, {"content-type": self.content_type}, [self.answer_to(said)])

    @property
    def private(self) -> list[str]:
        """Data that no other provider may be sent: thoughts and signatures."""
        return [secret for said in STEPS for secret in (thought(self.name, said.number), seal(self.name, said.number))]

    def __str__(self) -> str:
        return self.name
