"""The options that formatters had in AgentScope: what media they send, and what stands before a history."""

from __future__ import annotations

import pytest

from modelport.formatter import (
    AnthropicMultiAgentFormatter,
    GeminiMultiAgentFormatter,
    OpenAIChatFormatter,
    OpenAIMultiAgentFormatter,
)
from modelport.message import AssistantMsg, DataBlock, UserMsg

PNG = b"\x89PNG\r\n\x1a\n"


async def test_only_media_of_the_given_types_are_sent() -> None:
    asked = [UserMsg("user", ["See:", DataBlock.from_bytes(PNG)])]
    (whole,) = await OpenAIChatFormatter().format(asked)
    (text,) = await OpenAIChatFormatter(input_types=["text/plain", "audio/*"]).format(asked)
    (image,) = await OpenAIChatFormatter(input_types=["image/*"]).format(asked)
    assert whole["content"][1]["type"] == "image_url" and image == whole and isinstance(text["content"], str)


@pytest.mark.parametrize(
    "formatter", [OpenAIMultiAgentFormatter, AnthropicMultiAgentFormatter, GeminiMultiAgentFormatter]
)
async def test_the_text_before_the_history(formatter: type[OpenAIMultiAgentFormatter]) -> None:
    said = [UserMsg("Ann", "Hello"), AssistantMsg("Ben", "Hi")]
    own = str(await formatter(conversation_history_prompt="# So far\n").format(said))
    assert "# So far\\n<history>\\nAnn: Hello" in own
    assert "the conversation so far" in str(await formatter().format(said))
    assert "conversation so far" not in str(await formatter(conversation_history_prompt="").format(said))


def test_a_formatter_without_history_has_no_prompt_for_it() -> None:
    with pytest.raises(TypeError, match="OpenAIChatFormatter writes no history; use the multi-agent formatter"):
        OpenAIChatFormatter(conversation_history_prompt="x")
