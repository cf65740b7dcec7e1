"""The application's tests: they need no key and no network, and take less than a second."""

from __future__ import annotations

from news import Headline, answer_letter, headline

from modelport import Modelport
from modelport.error import ServerError
from modelport.message import ToolCallBlock, ToolResultBlock
from modelport.testing import ScriptedChatModel


async def test_a_headline(hub: Modelport) -> None:
    """With the provider's bytes, from tests/cassettes/test_a_headline.yaml."""
    assert await headline(hub, "The old ferry returns to the harbour.") == Headline(title="Old ferry comes home")


async def test_the_tool_is_used() -> None:
    """With a model that plays a script: first a call of the tool, then a text."""
    call = ToolCallBlock(id="1", name="page_of", input='{"topic": "harbour"}')
    model = ScriptedChatModel([call, "It is on page 3."])
    assert await answer_letter(model, "Where is the article on the harbour?") == "It is on page 3."
    results = [block for block in model.calls[1].messages[-1].content if isinstance(block, ToolResultBlock)]
    assert results[0].output == "page 3"


async def test_a_provider_that_is_down() -> None:
    """With a model that fails at every attempt; no test waits between them."""
    model = ScriptedChatModel([ServerError("down", retryable=True)] * 3, max_retries=2)
    assert await answer_letter(model, "Hello?") == "Thank you for your letter. We will answer tomorrow."
    assert len(model.calls) == 3
