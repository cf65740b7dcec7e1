"""How a snippet of the specification can be checked; each check is a function of the page."""

from __future__ import annotations

import asyncio
import base64
import inspect
import re
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelport.application.chat.model import ChatModelBase
from modelport.application.embedding.model import EmbeddingModelBase
from modelport.application.speech.model import TTSModelBase
from modelport.message import UserMsg
from modelport.model import ChatResponse
from modelport.testing import ScriptedServer
from modelport.tts import TTSResponse
from tests.specification import run, snippets

PACKAGE = "specified"
QUESTION = [UserMsg("user", "Hello there")]
KEYS = ("DASHSCOPE_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY")


class Page:
    """The page, and what its snippets need to run: a package of their own, in a folder of their own."""

    def __init__(self, folder: Path, server: ScriptedServer, output: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.server = server
        self._output = output
        self._snippets = {snippet.key: snippet for snippet in snippets()}

    def text(self, heading: str, number: int = 0) -> str:
        return self._snippets[heading, number].text

    def run(self, heading: str, number: int = 0, name: str = "snippet", **prelude: Any) -> types.ModuleType:
        """Run a snippet as a module of that name."""
        return run(self.text(heading, number), f"{PACKAGE}.{name}", self.folder, **prelude)

    def printed(self) -> list[str]:
        return self._output.readouterr().out.splitlines()


# what a model that a snippet made is asked


async def said(model: ChatModelBase) -> ChatResponse:
    answer = await model(QUESTION)
    if isinstance(answer, ChatResponse):
        return answer
    return [response async for response in answer][-1]


async def heard(tts: TTSModelBase, text: str = "Hello there") -> bytes:
    async with tts:
        answer = await tts.synthesize(text)
        steps = [answer] if isinstance(answer, TTSResponse) else [step async for step in answer]
    assert steps[-1].is_last
    blocks = [step.content for step in steps if step.content is not None]
    return b"".join(base64.b64decode(block.source.data) for block in blocks)  # type: ignore[union-attr]  # base64 all


def chats(heading: str, number: int = 0, **sent: Any) -> Callable[[Page], None]:
    """The snippet makes a `model`, which answers; its request says this."""

    def check(page: Page) -> None:
        model = page.run(heading, number).model
        response = asyncio.run(said(model))
        assert response.text == "You said: Hello there" and not response.warnings
        body = page.server.requests[-1].json()
        assert {name: body.get(name) for name in sent} == sent

    return check


def embeds(number: int, size: int) -> Callable[[Page], None]:
    """The snippet makes a `model`, whose vectors have this size."""

    def check(page: Page) -> None:
        model: EmbeddingModelBase[Any] = page.run("Create Embedding Model", number).model
        response = asyncio.run(model(["one", "two"]))
        assert [len(vector) for vector in response.embeddings] == [size, size] and response.source == "api"

    return check


def speaks(heading: str, number: int) -> Callable[[Page], None]:
    """The snippet makes a `tts`, which speaks."""

    def check(page: Page) -> None:
        tts: TTSModelBase = page.run(heading, number).tts
        assert tts.stream
        sound = asyncio.run(heard(tts))
        assert sound.startswith(b"RIFF") and len(sound) > 44

    return check


def prints(heading: str, number: int, *lines: str) -> Callable[[Page], None]:
    """The snippet is a program, and these are the lines that it prints, as patterns."""

    def check(page: Page) -> None:
        page.run(heading, number)
        printed = page.printed()
        assert len(printed) == len(lines), printed
        for pattern, line in zip(lines, printed, strict=True):
            assert re.fullmatch(pattern, line), line

    return check


def signature(heading: str, cls: type, name: str) -> Callable[[Page], None]:
    """The method takes at least the snippet's parameters, in their order and with their defaults."""

    def check(page: Page) -> None:
        text = page.text(heading) + "    ...\n"
        namespace: dict[str, Any] = {}
        exec("from __future__ import annotations\n" + text, namespace)
        wanted = inspect.signature(namespace[name]).parameters
        given = inspect.signature(getattr(cls, name)).parameters
        ours = {key: one for key, one in given.items() if key in wanted or one.kind is not one.KEYWORD_ONLY}
        assert list(ours) == list(wanted)
        for parameter, other in zip(wanted.values(), ours.values(), strict=True):
            assert (parameter.kind, parameter.default) == (other.kind, other.default)
        assert inspect.iscoroutinefunction(getattr(cls, name))

    return check


def card(heading: str, number: int, cls: Callable[[], Any], **facts: Any) -> Callable[[Page], None]:
    """The snippet is a card of this class, with these facts beside those of its text."""

    def check(page: Page) -> None:
        name = re.search(r"^name: (\S+)", page.text(heading, number), re.M)
        assert name is not None
        (page.folder / f"{name[1]}.yaml").write_text(page.text(heading, number))
        (found,) = cls().list_models(page.folder)
        assert (found.name, found.status) == (name[1], "active")
        for fact, value in facts.items():
            assert getattr(found, fact) == value, fact
        return None

    return check


def realtime_class(name: str) -> Callable[[], Any]:
    """A class of `modelport.tts`, imported when the test runs."""

    def get() -> Any:
        import modelport.tts

        return getattr(modelport.tts, name)

    return get
