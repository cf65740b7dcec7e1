"""Speech from text that is still being written: the three protocols, against servers that check their rules."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from modelport.credential import DashScopeCredential
from modelport.domain.message.wav import streaming_header
from modelport.error import InvalidRequestError
from modelport.testing.clock import VirtualClock
from modelport.tts import DashScopeCosyVoiceRealtimeTTSModel, DashScopeRealtimeTTSModel, TTSModelBase, TTSResponse
from tests.adapters.dashscope.speech_servers import STALL, CosyVoiceServer, QwenServer, SambertServer, Trouble, voice
from tests.adapters.dashscope.speech_support import (
    COSYVOICE,
    EACH,
    QWEN,
    SAMBERT,
    Kind,
    audio,
    nothing_left,
    opened,
    read,
    whole,
)

TEXT = "Hello, world. How are you today?"
PCM = voice(TEXT)
HEADER = streaming_header(24_000)


@EACH
async def test_a_stream_is_one_wav_and_its_end_repeats_nothing(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        responses = await read(await opened(kind.model(server), TEXT))
        assert server.connections == 1
    assert b"".join(map(audio, responses)) == HEADER + PCM
    assert all(
        (len(audio(response)) - 44 * (index == 1)) % 2 == 0
        for index, response in enumerate(responses, 1)
        if audio(response)
    )
    assert [response.is_last for response in responses] == [False] * (len(responses) - 1) + [True]
    assert len({response.id for response in responses}) == 1
    last = responses[-1]
    assert (last.content, last.provider, last.model) == (None, "dashscope", kind.name)
    assert last.usage is not None and last.usage.characters == len(TEXT)
    assert [(one.number, one.status_code, one.error) for one in last.attempts] == [(1, 101, None)]
    assert last.metadata is not None and last.metadata["requests"]


@EACH
async def test_without_streaming_the_sizes_are_true(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        response = await whole(kind.model(server, stream=False), TEXT)
    assert audio(response) == streaming_header(24_000, size=len(PCM)) + PCM
    assert response.is_last and response.usage is not None and response.usage.characters == len(TEXT)


@EACH
@pytest.mark.parametrize("stream", [True, False])
async def test_each_byte_is_delivered_once(kind: Kind, stream: bool) -> None:
    """By `push` or by `synthesize`, whichever is asked first."""
    async with kind.server() as server, nothing_left(server):
        model = kind.model(server, stream=stream)
        async with model:
            pushed = []
            for piece in ("Hello, ", "world. ", "How ", "are you", " today?"):
                pushed.append(audio(await model.push(piece)))
                await asyncio.sleep(0.02)
            if stream:
                rest = b"".join(map(audio, await read(await opened(model))))
                assert b"".join(pushed) + rest == HEADER + PCM
            else:
                rest = audio(await whole(model))
                early = b"".join(pushed)[44:]
                assert early + rest[44:] == PCM
                assert rest[:44] == streaming_header(24_000, size=len(PCM) - len(early))
        if kind is not SAMBERT:
            assert any(pushed), "the first sentence was spoken while the second was written"


@EACH
async def test_push_returns_at_once_even_when_nobody_answers(kind: Kind) -> None:
    async with kind.server(Trouble("started", STALL)) as server:
        async with kind.model(server) as model:
            async with asyncio.timeout(30):
                for _ in range(1000):
                    response = await model.push("word ")
            assert not response.is_last
        await server.emptied()


@pytest.mark.parametrize("kind", [QWEN, COSYVOICE])
async def test_synthesize_yields_while_the_server_speaks(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        server.hold = asyncio.Event()
        async with kind.model(server) as model:
            await model.push("Hello")
            stream = await opened(model, " world")
            first = audio(await anext(stream))
            assert first[:44] == HEADER and not server.utterances, "the server has not come to the end"
            server.hold.set()
            assert first + b"".join(map(audio, await read(stream))) == HEADER + voice("Hello world")


async def test_audio_between_pushes() -> None:
    async with QwenServer() as server, nothing_left(server), QWEN.model(server) as model:
        assert await model.arrived() is None
        await model.push("One. ")
        heard = b""
        while len(heard) < 44 + len(voice("One")):
            response = await model.arrived()
            assert response is not None and not response.is_last
            heard += audio(response)
        waiting = asyncio.ensure_future(model.arrived())
        await asyncio.sleep(0.01)
        stream = await opened(model, "Two")
        assert await waiting is None, "what comes now is for the stream"
        assert heard + b"".join(map(audio, await read(stream))) == HEADER + voice("OneTwo")


@EACH
async def test_utterances_follow_each_other(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        clock = VirtualClock()
        async with kind.model(server, clock) as model:
            for number in range(4):
                text = f"Number {number}."
                await model.push(text[:5])
                assert b"".join(map(audio, await read(await opened(model, text[5:])))) == HEADER + voice(text)
        assert server.utterances == [f"Number {number}." for number in range(4)]
        assert server.connections == (4 if kind is QWEN else 1)
        assert clock.sleeps == []


async def test_a_connection_that_was_idle_for_long_is_not_used() -> None:
    async with CosyVoiceServer() as server, nothing_left(server):
        clock = VirtualClock()
        async with COSYVOICE.model(server, clock) as model:
            for waited in (49, 2, 51, 1):
                await read(await opened(model, "Hi."))
                clock.advance(waited)
            assert server.connections == 2
            await read(await opened(model, "Hi."))
        assert server.connections == 2


@EACH
async def test_an_idle_connection_that_was_closed_is_no_failure(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        clock = VirtualClock()
        async with kind.model(server, clock, max_retries=0) as model:
            await server.close_all(1011)
            response = (await read(await opened(model, "Hi.")))[-1]
        assert len(response.attempts) == 1 and clock.sleeps == []
        assert server.utterances == ["Hi."] and server.connections == 2


@EACH
@pytest.mark.parametrize("text", [None, "", " \n"])
async def test_a_blank_text_says_nothing(kind: Kind, text: str | None) -> None:
    async with kind.server() as server, nothing_left(server):
        (last,) = [one for one in await read(await opened(kind.model(server), text)) if one.is_last]
        response = await whole(kind.model(server, stream=False), text)
        assert (last.content, response.content, response.is_last) == (None, None, True)
        assert server.connections == 0
        async with kind.model(server) as model:
            assert (await model.push(" ")).content is None
            assert (await read(await opened(model)))[-1].content is None
        assert [event for event in server.received if event.get("type") != "session.finish"] == []


@EACH
async def test_signs_without_words_have_no_audio_and_come_to_an_end(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        responses = await read(await opened(kind.model(server), "?!… 🙂"))
        assert [audio(one) for one in responses] == [b""] * len(responses) and responses[-1].is_last
        assert (await whole(kind.model(server, stream=False), "...")).content is None


@pytest.mark.parametrize(
    ("length", "words", "first"),
    [
        (None, None, "a"),
        (6, None, "a bb c"),
        (None, 3, "a bb c"),
        (8, 2, "a bb ccc"),
        (1, 1, "a"),
        (99, 99, "a bb ccc dd"),
    ],
)
async def test_a_cold_start(length: int | None, words: int | None, first: str) -> None:
    async with QwenServer() as server, nothing_left(server):
        async with QWEN.model(server, cold_start_length=length, cold_start_words=words) as model:
            for piece in ("a", " ", "bb", " c", "cc", " ", "dd"):
                await model.push(piece)
            await read(await opened(model))
        texts = [event["text"] for event in server.received if "text" in event]
        assert texts[0] == first and "".join(texts) == "a bb ccc dd"
        assert all(text.strip() for text in texts)


async def test_the_settings_of_qwen() -> None:
    parameters = DashScopeRealtimeTTSModel.Parameters(voice="Serena", language_type="English", volume=70)
    async with QwenServer() as server:
        await read(
            await opened(QWEN.model(server, parameters=parameters), "Hi", enable_tn=True, extra_headers={"x-mine": "1"})
        )
        assert server.requests[0].path == "/api-ws/v1/realtime?model=qwen3-tts-flash-realtime"
        assert server.requests[0].headers["x-mine"] == "1"
        assert server.received[0]["session"] == {
            "voice": "Serena",
            "mode": "server_commit",
            "response_format": "pcm",
            "sample_rate": 24000,
            "language_type": "English",
            "volume": 70,
            "enable_tn": True,
        }


async def test_committing_oneself() -> None:
    parameters = DashScopeRealtimeTTSModel.Parameters(mode="commit")
    async with QwenServer() as server:
        async with QWEN.model(server, parameters=parameters) as model:
            await model.push("One. ")
            responses = await read(await opened(model, "Two."))
        assert b"".join(map(audio, responses)) == HEADER + voice("OneTwo")
        assert [one["type"] for one in server.received][-2:] == ["input_text_buffer.commit", "session.finish"]


async def test_settings_that_come_too_late_are_told() -> None:
    async with QwenServer() as server:
        async with QWEN.model(server) as model:
            await model.push("One. ", speech_rate=1.5)
            await model.push("Two. ", speech_rate=1.5, volume=3)
            last = (await read(await opened(model, volume=3)))[-1]
        assert [(one.kind, one.setting) for one in last.warnings] == [("dropped", "volume")]
        assert server.received[0]["session"]["speech_rate"] == 1.5


@pytest.mark.parametrize(
    ("audio_format", "media_type", "header"),
    [("wav", "audio/wav", HEADER), ("mp3", "audio/mpeg", b"ID3"), ("opus", "audio/ogg", b"OggS")],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_formats(audio_format: str, media_type: str, header: bytes, stream: bool) -> None:
    """A WAV header of the server's is ours; a compressed file is passed on as it comes."""
    parameters = DashScopeCosyVoiceRealtimeTTSModel.Parameters(format=audio_format, sample_rate=16_000)
    async with CosyVoiceServer(header=header) as server:
        model = COSYVOICE.model(server, parameters=parameters, stream=stream)
        responses = await read(await opened(model, TEXT)) if stream else [await whole(model, TEXT)]
        sent = server.received[0]["payload"]["parameters"]
        assert (sent["format"], sent["sample_rate"]) == (audio_format, 16_000)
    got = b"".join(map(audio, responses))
    if audio_format == "wav":
        header = streaming_header(16_000, size=None if stream else len(PCM))
    assert got == header + PCM
    blocks = [response.content for response in responses if response.content]
    assert {block.source.media_type for block in blocks} == {media_type}


@pytest.mark.parametrize("path", ["/compatible-mode/v1", "/api/v1", "/proxy/compatible-mode/v1"])
async def test_the_base_url_is_honoured(path: str) -> None:
    async with CosyVoiceServer() as server:
        server.path = ("/proxy" if "proxy" in path else "") + server.path
        model = COSYVOICE.model(server)
        model.credential = DashScopeCredential(api_key="sk-x-PlantedWord7", base_url=server.base_url + path)
        await read(await opened(model, "Hi."))


async def test_two_keys_at_once() -> None:
    async with CosyVoiceServer() as server, nothing_left(server):
        models = [COSYVOICE.model(server) for _ in range(2)]
        for number, model in enumerate(models):
            model.credential = DashScopeCredential(api_key=f"sk-{number}-PlantedWord7", base_url=server.base_url)
        await asyncio.gather(*(whole_stream(model, f"Number {number}.") for number, model in enumerate(models)))
        sent = sorted(request.headers["authorization"] for request in server.requests)
        assert sent == ["Bearer sk-0-PlantedWord7", "Bearer sk-1-PlantedWord7"]


async def whole_stream(model: Any, text: str) -> None:
    assert b"".join(map(audio, await read(await opened(model, text)))) == HEADER + voice(text)


@EACH
async def test_utterances_at_once_on_one_model(kind: Kind) -> None:
    async with kind.server() as server, nothing_left(server):
        model = kind.model(server)
        await asyncio.gather(*(whole_stream(model, f"Number {number}.") for number in range(5)))
        async with model:
            await asyncio.gather(*(whole_stream(model, f"Number {number}.") for number in range(5)))


@pytest.mark.parametrize("audio_format", ["pcm", "wav"])
async def test_a_silent_caller_does_not_lose_the_task(audio_format: str) -> None:
    """The server fails a task that gets no text for 23 seconds; each task's audio may have a header of its own."""
    clock = VirtualClock()
    parameters = DashScopeCosyVoiceRealtimeTTSModel.Parameters(format=audio_format)
    header = HEADER if audio_format == "wav" else b""
    async with CosyVoiceServer(clock=clock, header=header) as server, nothing_left(server):
        async with COSYVOICE.model(server, clock, parameters=parameters) as model:
            heard = b""
            for text in ("One. ", "Two and ", "Three. ", "Four"):
                heard += audio(await model.push(text))
                for _ in range(4):
                    await asyncio.sleep(0.01)
                    clock.advance(10)
                await asyncio.sleep(0.01)
            heard += b"".join(map(audio, responses := await read(await opened(model))))
        assert heard == header + voice("One Two and Three Four")
        assert server.connections == 1 and len(server.utterances) == 4
        assert responses[-1].usage is not None and responses[-1].usage.characters == 24
        assert len(responses[-1].attempts) == 1


async def test_what_a_caller_must_not_do() -> None:
    async with QwenServer() as server, nothing_left(server):
        model = QWEN.model(server)
        with pytest.raises(InvalidRequestError, match=r"model\.connect\(\)"):
            await model.push("Hi")
        with pytest.raises(InvalidRequestError, match="text is a int"):
            await model.synthesize(5)  # type: ignore[arg-type]
        async with model:
            with pytest.raises(InvalidRequestError, match="text is a NoneType"):
                await model.push(None)  # type: ignore[arg-type]
        with pytest.raises(InvalidRequestError, match="needs a connection"):
            await model.push("Hi")
        with pytest.raises(InvalidRequestError, match="not both"):
            QWEN.model(server, max_retries=1, retry_policy=model.retry_policy)


async def test_parameters_that_the_card_lacks_are_told() -> None:
    parameters = DashScopeCosyVoiceRealtimeTTSModel.Parameters(voice="longanyang", rate=2)
    async with SambertServer() as server:
        last = (await read(await opened(SAMBERT.model(server, parameters=parameters), "Hi")))[-1]
        assert server.received[0]["payload"]["parameters"]["rate"] == 2
    assert [(one.kind, one.setting) for one in last.warnings] == [("dropped", "voice")]


def test_two_event_loops_one_model() -> None:
    """What was opened in a loop that ended is not used again, and is no leak."""

    async def once(model: TTSModelBase | None) -> TTSModelBase:
        async with CosyVoiceServer() as server:
            if model is None:
                model = COSYVOICE.model(server)
            else:
                model.credential = COSYVOICE.model(server).credential
            await model.connect()
            await whole_stream(model, "Hi.")
            return model

    model = asyncio.run(once(None))
    asyncio.run(once(model))


# ---- the guide's set-ups


async def test_the_guides_set_ups_and_streaming_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-from-environment-PlantedWord7")
    async with QwenServer() as server:
        tts = DashScopeRealtimeTTSModel(
            credential=DashScopeCredential(api_key=os.environ["DASHSCOPE_API_KEY"], base_url=server.base_url),
            model="qwen3-tts-flash-realtime",
            parameters=DashScopeRealtimeTTSModel.Parameters(voice="Serena"),
            stream=True,
        )
        assert (tts.max_retries, tts.retry_policy.retry_delay, tts.realtime) == (3, 5.0, True)
        async for chunk in await tts.synthesize("Hello, world!"):
            assert chunk.content is None or chunk.content.source.media_type == "audio/wav"
    async with CosyVoiceServer() as second:
        cosyvoice = DashScopeCosyVoiceRealtimeTTSModel(
            credential=DashScopeCredential(api_key=os.environ["DASHSCOPE_API_KEY"], base_url=second.base_url),
            model="cosyvoice-v3-plus",
            parameters=DashScopeCosyVoiceRealtimeTTSModel.Parameters(voice="longanyang"),
            stream=True,
        )
        await whole_stream(cosyvoice, "Hello, world!")


async def test_the_guides_realtime_example() -> None:
    async with QwenServer() as server, nothing_left(server):
        tts = QWEN.model(server, parameters=DashScopeRealtimeTTSModel.Parameters(voice="Cherry"))
        async with tts:
            resp1 = await tts.push("Hello, ")
            assert isinstance(resp1, TTSResponse)
            resp2 = await tts.push("how are you today?")
            assert isinstance(resp2, TTSResponse)
            response = await tts.synthesize()
            assert isinstance(response, AsyncGenerator)
    async with QwenServer() as server:
        tts = QWEN.model(server)
        await tts.connect()
        await tts.connect()
        await tts.push("Hello")
        await tts.close()
        await tts.close()
        await server.emptied()
        assert server.connections == 1


def test_cards_and_classes() -> None:
    assert [card.name for card in DashScopeRealtimeTTSModel.list_models()] == ["qwen3-tts-flash-realtime"]
    names = [card.name for card in DashScopeCosyVoiceRealtimeTTSModel.list_models()]
    assert {"cosyvoice-v3-plus", "cosyvoice-v3-flash", "qwen-audio-3.1-tts-plus", "sambert-zhichu-v1"} <= set(names)
    classes = [cls.__name__ for cls in DashScopeCredential.get_tts_model_classes()]
    assert classes == ["DashScopeTTSModel", "DashScopeRealtimeTTSModel", "DashScopeCosyVoiceRealtimeTTSModel"]
    listed = [card.name for card in DashScopeCredential.list_tts_models()]
    assert len(listed) == len(set(listed)) == len(names) + 2
