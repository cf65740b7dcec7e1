"""A question with a tool and a streamed answer, with OpenAI's SDK."""

from __future__ import annotations

import json

from openai import OpenAI
from openai.types.chat import (
    ChatCompletionFunctionToolParam,
    ChatCompletionMessageFunctionToolCallParam,
    ChatCompletionMessageParam,
)

TOOL: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {
        "name": "stock",
        "description": "How many pieces of an article are there?",
        "parameters": {"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"]},
    },
}


def stock(article: str) -> str:
    """Look it up."""
    return f"{article}: 12"


def main() -> None:
    """One tool call, then the answer as it is written."""
    client = OpenAI()
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "How many lamps are left?"}]
    first = client.chat.completions.create(model="gpt-4.1-mini", messages=messages, tools=[TOOL])
    message = first.choices[0].message
    for call in message.tool_calls or []:
        if call.type == "function":
            name, arguments = call.function.name, call.function.arguments
            asked: ChatCompletionMessageFunctionToolCallParam = {
                "id": call.id,
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            messages.append({"role": "assistant", "tool_calls": [asked]})
            result = stock(**json.loads(arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    stream = client.chat.completions.create(model="gpt-4.1-mini", messages=messages, tools=[TOOL], stream=True)
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="")
    print()


if __name__ == "__main__":
    main()
