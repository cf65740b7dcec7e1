"""Three things to do with speech.

python voice.py narrate "The train leaves at nine." train.wav
python voice.py talk "Tell me about trams." answer.wav
python voice.py write_down answer.wav
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from modelport.credential import DashScopeCredential
from modelport.message import UserMsg
from modelport.model import DashScopeChatModel
from modelport.stt import DashScopeTranscriptionModel
from modelport.tts import DashScopeCosyVoiceRealtimeTTSModel, DashScopeTTSModel, TTSResponse, join_audio


def credential() -> DashScopeCredential:
    """One key for all three kinds of models."""
    return DashScopeCredential(api_key=os.environ["DASHSCOPE_API_KEY"])


async def narrate(text: str, path: str) -> None:
    """A text as one file. A text that is longer than the model accepts is split at sentence ends."""
    voice = DashScopeTTSModel(credential(), "qwen3-tts-flash", stream=False)
    response = await voice.synthesize(text)
    response.save(path)


async def talk(question: str, path: str) -> None:
    """Speak an answer while it is being written: the first sentence is spoken before the last one exists."""
    model = DashScopeChatModel(credential(), "qwen-plus")
    pieces: list[TTSResponse] = []
    async with DashScopeCosyVoiceRealtimeTTSModel(credential(), "cosyvoice-v3-flash") as voice:
        async with await model([UserMsg("user", question)]) as answer:
            async for text in answer.texts():
                print(text, end="", flush=True)
                pieces.append(await voice.push(text))  # returns at once, with the audio that is there already
        print()
        pieces += [piece async for piece in await voice.synthesize()]  # the end of the text: the rest of the audio
    join_audio(pieces).save(path)


async def write_down(path: str) -> None:
    """The text of a recording."""
    ear = DashScopeTranscriptionModel(credential(), "qwen3-asr-flash")
    transcript = await ear.transcribe(Path(path))
    print(transcript.text)


COMMANDS: dict[str, Callable[..., Coroutine[None, None, None]]] = {
    "narrate": narrate,
    "talk": talk,
    "write_down": write_down,
}

if __name__ == "__main__":
    asyncio.run(COMMANDS[sys.argv[1]](*sys.argv[2:]))
