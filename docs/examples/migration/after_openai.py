"""The same program with Modelport: without `await`, as before, and with any provider's class in place of OpenAI's."""

from __future__ import annotations

import os

from modelport.credential import OpenAICredential
from modelport.message import Msg, ToolResultBlock, UserMsg
from modelport.model import OpenAIChatModel


def stock(article: str) -> str:
    """How many pieces of an article are there?"""
    return f"{article}: 12"


def main() -> None:
    """One tool call, then the answer as it is written."""
    base_url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    credential = OpenAICredential(api_key=os.environ["OPENAI_API_KEY"], base_url=base_url)
    model = OpenAIChatModel(credential, "gpt-4.1-mini").sync
    messages: list[Msg] = [UserMsg("user", "How many lamps are left?")]
    first = model.generate(messages, tools=[stock])
    reply = first.to_message("assistant")
    reply.content += [ToolResultBlock(id=call.id, output=stock(**call.arguments)) for call in first.tool_calls]
    with model.generate_stream([*messages, reply], tools=[stock]) as stream:
        for text in stream.texts():
            print(text, end="")
    print()


if __name__ == "__main__":
    main()
