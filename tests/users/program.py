"""A program as a user writes it: whole and streamed calls, tools, structured output, embeddings, speech, and a hub.

`python -m tests.users.check` checks it with mypy and pyright, strictly and without plugins; nothing runs it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, assert_type

from pydantic import BaseModel

from modelport import Modelport
from modelport.agent import Agent
from modelport.credential import (
    AnthropicCredential,
    DashScopeCredential,
    DeepSeekCredential,
    GeminiCredential,
    MiniMaxCredential,
    MoonshotCredential,
    OllamaCredential,
    OpenAICredential,
    VolcengineCredential,
    XAICredential,
)
from modelport.embedding import FileEmbeddingCache, OpenAIEmbeddingModel, SQLEmbeddingCache
from modelport.message import AssistantMsg, DataBlock, Msg, ToolResultBlock, UserMsg
from modelport.model import (
    AnthropicChatModel,
    ChatModelBase,
    ChatResponse,
    ChatStream,
    DashScopeChatModel,
    DeepSeekChatModel,
    GeminiChatModel,
    MiniMaxChatModel,
    MoonshotChatModel,
    OllamaChatModel,
    OpenAIChatModel,
    OpenAIResponseModel,
    StructuredResponse,
    VolcengineChatModel,
    XAIChatModel,
)
from modelport.sync import SyncChatStream
from modelport.tool import ToolChoice, tool
from modelport.transport import RetryPolicy, Timeouts
from modelport.tts import (
    DashScopeRealtimeTTSModel,
    DashScopeTTSModel,
    GeminiTTSModel,
    OpenAITTSModel,
    TTSResponse,
    XAITTSModel,
    join_audio,
)

OPENAI = OpenAICredential(api_key="sk-...")
MESSAGES: list[Msg] = [
    UserMsg("user", ["What is this?", Path("cat.png"), DataBlock.from_url("https://example.com/a.png")])
]


class Weather(BaseModel):
    """The weather of a place."""

    city: str
    degrees: float = 20


def look(place: str) -> str:
    """Look out of the window."""
    return place


@tool(name="find")
def search(query: str) -> list[str]:
    """Search the library."""
    return [query]


async def answers(streaming: bool) -> None:
    whole = OpenAIChatModel(OPENAI, "gpt-4.1", OpenAIChatModel.Parameters(temperature=0.2), stream=False, max_retries=1)
    response = await whole(MESSAGES, tools=[look, search, Weather], tool_choice=ToolChoice("auto"))
    assert_type(response, ChatResponse)
    print(response.text, response.thinking, response.usage.output_tokens if response.usage else 0)
    results = [ToolResultBlock(id=call.id, output=look(**call.arguments)) for call in response.tool_calls]
    history = [*MESSAGES, response.to_message("bot"), AssistantMsg("bot", results)]
    assert_type(await whole.generate_stream(history), ChatStream)

    stream = await OpenAIResponseModel(OPENAI, "gpt-5", timeouts=Timeouts(total=60), retry_policy=RetryPolicy())(
        MESSAGES
    )
    assert_type(stream, ChatStream)
    async for step in stream:
        print(step.text, step.is_last)
    assert_type(await stream.whole(), ChatResponse)

    either = OpenAIChatModel(OPENAI, "gpt-4.1", stream=streaming)
    assert_type(await either(MESSAGES), ChatResponse | ChatStream)
    assert_type(await either.generate(MESSAGES), ChatResponse)
    assert_type(either.parameters.temperature, float | None)
    assert_type(await whole.with_options(temperature=0)(MESSAGES), ChatResponse)
    assert_type(await whole.with_options(temperature=0, stream=True)(MESSAGES), ChatStream)
    assert_type(await OpenAIChatModel(OPENAI, "gpt-4.1").with_options(stream=False)(MESSAGES), ChatResponse)
    assert_type(await either.with_options(stream=streaming).generate(MESSAGES), ChatResponse)
    models: list[ChatModelBase] = [whole, either]
    assert_type(await models[0](MESSAGES), ChatResponse | ChatStream)


async def classes() -> None:
    assert_type(await AnthropicChatModel(AnthropicCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await DashScopeChatModel(DashScopeCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await DeepSeekChatModel(DeepSeekCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await GeminiChatModel(GeminiCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await MoonshotChatModel(MoonshotCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await OllamaChatModel(OllamaCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await OpenAIResponseModel(OPENAI, "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await XAIChatModel(XAICredential(api_key="k"), "m", None, False)(MESSAGES), ChatResponse)
    assert_type(await MiniMaxChatModel(MiniMaxCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await VolcengineChatModel(VolcengineCredential(api_key="k"), "m", stream=False)(MESSAGES), ChatResponse)
    assert_type(await XAIChatModel(XAICredential(api_key="k"), "m")(MESSAGES), ChatStream)
    assert_type(await OpenAITTSModel(OPENAI, "m", stream=False).synthesize("Hello"), TTSResponse)
    assert_type(await GeminiTTSModel(GeminiCredential(api_key="k"), "m", stream=False).synthesize("Hello"), TTSResponse)
    assert_type(await XAITTSModel(XAICredential(api_key="k"), "m", stream=False).synthesize("Hello"), TTSResponse)


async def structured(model: OpenAIChatModel) -> None:
    answer = await model.generate_structured_output(MESSAGES, Weather)
    assert_type(answer, StructuredResponse[Weather])
    assert_type(answer.value.degrees, float)
    assert_type(answer.response, ChatResponse | Any)
    print(answer.response.usage.input_tokens)
    plain = await model.generate_structured_output(MESSAGES, {"type": "object", "properties": {}})
    assert_type(plain.value, dict[str, Any])
    async for step in model.stream_structured_output(MESSAGES, Weather):
        print(step.content.get("city"))


async def others() -> None:
    caches = [FileEmbeddingCache(), SQLEmbeddingCache("sqlite+aiosqlite:///vectors.db")]
    for cache in caches:
        model = OpenAIEmbeddingModel(OPENAI, "text-embedding-3-small", embedding_cache=cache, batch_size=16)
        vectors = (await model(["a", "b"])).embeddings
        assert_type(vectors[0], list[float])

    credential = DashScopeCredential(api_key="k")
    spoken = await DashScopeTTSModel(credential, "qwen3-tts-flash", stream=False).synthesize("Hello")
    assert_type(spoken, TTSResponse)
    spoken.save("hello.wav")
    pieces = await DashScopeRealtimeTTSModel(credential, "qwen3-tts-flash-realtime").synthesize("Hello")
    assert_type(pieces, AsyncGenerator[TTSResponse, None])
    join_audio([piece async for piece in pieces]).save(Path("late.wav"))

    async with Modelport.from_env() as hub:
        chat = hub.chat("openai/gpt-4.1")
        assert_type(await chat.generate(MESSAGES), ChatResponse)
        print(await Agent("bot", chat, tools=[look, search]).reply("Hello"))


def without_await(model: OpenAIChatModel, texts: list[str]) -> None:
    assert_type(model.sync.generate(MESSAGES, thinking="low"), ChatResponse)
    with model.sync.generate_stream(MESSAGES) as stream:
        assert_type(stream, SyncChatStream)
        for text in stream.texts():
            print(text)
    assert_type(model.sync.generate_structured_output(MESSAGES, Weather).value, Weather)
    vectors = OpenAIEmbeddingModel(OPENAI, "text-embedding-3-small").sync(texts)
    assert_type(vectors.embeddings[0], list[float])
    quick = model.with_options(temperature=0, stream=False)
    print(quick.sync.count_tokens(MESSAGES).tokens, quick.settings)
