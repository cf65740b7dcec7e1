"""The program of the README, after its import lines were changed."""

from __future__ import annotations

import asyncio
import os

from modelport.credential import OpenAICredential
from modelport.message import SystemMsg, UserMsg
from modelport.model import OpenAIChatModel


async def main() -> None:
    """A whole answer, then one that streams."""
    base_url = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    credential = OpenAICredential(api_key=os.environ["OPENAI_API_KEY"], base_url=base_url)
    messages = [SystemMsg("system", "Be brief."), UserMsg("user", "Name a colour.")]

    whole = OpenAIChatModel(credential, "gpt-4.1-mini", stream=False)
    response = await whole(messages)
    print(response.text, response.usage.output_tokens)

    streaming = OpenAIChatModel(credential, "gpt-4.1-mini", stream=True)
    async for chunk in await streaming(messages):
        if chunk.is_last:
            print(chunk.text)


if __name__ == "__main__":
    asyncio.run(main())
