"""A user's script without `await`: answers, a stream, an object, vectors, speech, transcription, other providers."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from modelport.credential import AnthropicCredential, CredentialBase, GeminiCredential, OpenAICredential
from modelport.embedding import EmbeddingModelBase, FileEmbeddingCache, GeminiEmbeddingModel, OpenAIEmbeddingModel
from modelport.message import Msg, UserMsg
from modelport.model import AnthropicChatModel, GeminiChatModel, OpenAIChatModel, OpenAIResponseModel
from modelport.stt import OpenAITranscriptionModel
from modelport.sync import SyncChatModel, run
from modelport.transport import RetryPolicy, Timeouts
from modelport.tts import OpenAITTSModel, join_audio

OPENAI = OpenAICredential(api_key="sk-test")
QUESTION: list[Msg] = [UserMsg("user", "Name a colour.")]


class Colour(BaseModel):
    name: str
    shades: list[str] = []


def models() -> Iterator[SyncChatModel]:
    yield OpenAIChatModel(OPENAI, "gpt-4.1", OpenAIChatModel.Parameters(temperature=0.2, max_tokens=50)).sync
    yield OpenAIResponseModel(OPENAI, "gpt-5.6", settings={"thinking": "low"}).sync
    patient = RetryPolicy(max_retries=5, retry_delay=0.5)
    yield AnthropicChatModel(AnthropicCredential(api_key="k"), "claude-sonnet-4-6", retry_policy=patient).sync
    yield GeminiChatModel(GeminiCredential(api_key="k"), "gemini-2.5-flash", timeouts=Timeouts(total=30)).sync


def nearest(model: EmbeddingModelBase[str], texts: list[str], question: str) -> str:
    vectors = model.sync(texts).array
    asked = model.sync([question]).array[0]
    scores = vectors @ asked
    return texts[int(np.argmax(scores))]


def credentials() -> list[CredentialBase]:
    return [OPENAI, AnthropicCredential(api_key="k", base_url="https://proxy.example.com")]


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    for model in models():
        response = model.generate(QUESTION, user="customer-7")
        print(response.provider, response.text, response.thinking, model.count_tokens(QUESTION) < 100)
        with model.generate_stream(QUESTION) as stream:
            for text in stream.texts():
                print(text, end="")
        colour: Colour = model.generate_structured_output(QUESTION, Colour).value
        print(colour.name.upper(), colour.shades[:1])
    cache = FileEmbeddingCache("vectors", max_cache_size=10)
    print(
        nearest(OpenAIEmbeddingModel(OPENAI, "text-embedding-3-small", embedding_cache=cache), ["red", "blue"], "sea")
    )
    print(nearest(GeminiEmbeddingModel(GeminiCredential(api_key="k"), "gemini-embedding-001"), ["red", "blue"], "sea"))
    voice = OpenAITTSModel(OPENAI, "gpt-4o-mini-tts", OpenAITTSModel.Parameters(voice="alloy"))
    join_audio(list(voice.sync.stream("Blue."))).save(Path("blue.wav"))
    print(voice.sync.synthesize("Red.").usage, [type(each).__name__ for each in credentials()])
    print(run(voice.synthesize, "Green."))
    for streaming in (False, True):
        heard = OpenAITranscriptionModel(OPENAI, "gpt-transcribe", stream=streaming).sync
        print(heard.transcribe(Path("blue.wav")).text, [step.text for step in heard.stream(Path("blue.wav"))])


if __name__ == "__main__":
    main()
