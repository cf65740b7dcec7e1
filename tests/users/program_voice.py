"""A user's program for voices: a conversation, an agent that listens and speaks, live speech, and transcription."""

import asyncio
import base64
from collections.abc import AsyncIterator

from modelport.agent import Agent
from modelport.credential import DashScopeCredential, OpenAICredential
from modelport.event import CustomEvent, DataBlockDeltaEvent, ReplyEndEvent, TextBlockDeltaEvent
from modelport.message import Msg
from modelport.middleware import TTSMiddleware
from modelport.model import DashScopeChatModel
from modelport.realtime import OpenAIRealtimeModel, RealtimeAgent, RealtimeSession, TurnDetection
from modelport.stt import OpenAITranscriptionModel, Transcript
from modelport.tts import DashScopeCosyVoiceRealtimeTTSModel, DashScopeTTSModel, TTSResponse

OPENAI, DASHSCOPE = OpenAICredential(api_key="sk-test"), DashScopeCredential(api_key="sk-test")


def weather(city: str) -> str:
    """Look up the weather."""
    return f"It rains in {city}."


async def listen(session: RealtimeSession) -> AsyncIterator[bytes]:
    async for event in session:
        if isinstance(event, DataBlockDeltaEvent) and event.data:
            yield base64.b64decode(event.data)
            session.played(event.metadata["item_id"], 100)
        elif isinstance(event, TextBlockDeltaEvent):
            print(event.delta, end="")
        elif isinstance(event, ReplyEndEvent):
            return


async def converse() -> list[Msg]:
    detection = TurnDetection(mode="manual")
    parameters = OpenAIRealtimeModel.Parameters(voice="marin", turn_detection=detection, input_sample_rate=16_000)
    model = OpenAIRealtimeModel(OPENAI, "gpt-realtime-2.1", parameters)
    async with model.connect(instructions="Be brief.") as session:
        await session.send_audio(bytes(640))
        await session.commit_audio()
        print(sum([len(piece) async for piece in listen(session)]), session.facts.tools)
    agent = RealtimeAgent("pilot", model, system_prompt="Be brief.", tools=[weather])
    async with agent.session() as talk:
        await talk.conversation.send_text("Bergen")
        async for event in talk:
            if isinstance(event, ReplyEndEvent):
                break
    return agent.history


async def speak() -> None:
    pieces: list[TTSResponse] = []
    async with DashScopeCosyVoiceRealtimeTTSModel(DASHSCOPE, "cosyvoice-v3-flash") as voice:
        pieces.append(await voice.push("Doors are closing. "))
        pieces += [piece async for piece in await voice.synthesize()]
    speech = TTSMiddleware(DashScopeTTSModel(DASHSCOPE, "qwen3-tts-flash"))
    agent = Agent("guide", DashScopeChatModel(DASHSCOPE, "qwen-plus"), [speech])
    async for event in agent.reply_stream("Tell me a story."):
        if isinstance(event, CustomEvent):
            print(event.name, event.value)


async def main() -> None:
    print(len(await converse()))
    await speak()
    whole: Transcript = await OpenAITranscriptionModel(OPENAI, "gpt-transcribe").transcribe(b"RIFF....WAVE")
    print([segment.start_ms for segment in whole.segments])
    async for step in await OpenAITranscriptionModel(OPENAI, "gpt-transcribe", stream=True).transcribe(b"RIFF....WAVE"):
        print(step.text, step.is_last)


if __name__ == "__main__":
    asyncio.run(main())
