"""Spoken answers: one WAV out of raw pieces, a transcript, and the id under which the sound is kept."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from modelport.adapters.dialects.openai_chat.profile import OpenAIChatProfile
from modelport.adapters.dialects.openai_chat.request import OpenAIChatCodec
from modelport.domain.message.wav import HEADER_SIZE, streaming_header
from modelport.message import Base64Source, DataBlock, TextBlock
from modelport.model import ChatResponse
from modelport.ports.codec.base import Endpoint
from modelport.ports.codec.chat import ChatRequest
from modelport.ports.codec.rendering import Rendered
from tests.adapters.openai_chat.support import Json, chunk, decoded, events, gist

PROFILE = OpenAIChatProfile(provider="somebody")
FIRST, SECOND = b"\x01\x00\x02\x00", b"\x03\x00"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


SPOKEN = events(
    chunk({"role": "assistant", "content": None, "audio": {"id": "audio_1"}}),
    chunk({"audio": {"transcript": "Good "}}),
    chunk({"audio": {"data": encoded(FIRST), "transcript": "mor"}}),
    chunk({"audio": {"data": encoded(SECOND)}}),
    chunk({"audio": {"transcript": "ning."}}),
    chunk({"audio": {"expires_at": 1790000000}}),
    chunk(finish_reason="stop"),
)


def sound(response: ChatResponse) -> DataBlock:
    (block,) = (block for block in response.content if isinstance(block, DataBlock))
    return block


def data_of(block: DataBlock) -> bytes:
    assert isinstance(block.source, Base64Source)
    return base64.b64decode(block.source.data)


def test_raw_pieces_become_one_wav_with_its_true_size() -> None:
    answer = decoded(PROFILE, SPOKEN)
    wav = data_of(sound(answer))
    assert wav == streaming_header(24_000, size=6) + FIRST + SECOND
    assert sound(answer).source.media_type == "audio/wav"
    assert "".join(block.text for block in answer.content if isinstance(block, TextBlock)) == "Good morning."


def test_the_sound_carries_the_id_under_which_it_is_kept() -> None:
    owned = sound(decoded(PROFILE, SPOKEN)).provider_data
    assert owned is not None
    assert (owned.provider, owned.data) == ("somebody", {"audio": {"id": "audio_1", "expires_at": 1790000000}})


def test_every_single_cut_gives_the_same() -> None:
    wanted = gist(decoded(PROFILE, SPOKEN))
    for cut in range(len(SPOKEN)):
        assert gist(decoded(PROFILE, SPOKEN, [cut])) == wanted


def test_the_header_opens_the_first_piece_only() -> None:
    codec = OpenAIChatCodec(PROFILE)
    decoder = codec.encode(ChatRequest(Endpoint("http://x"), "m", Rendered([]), stream=True)).new_decoder()
    pieces = []
    for payload in SPOKEN.split(b"\n\n")[:4]:
        delta = decoder.feed([payload.removeprefix(b"data: ")])
        pieces += [data_of(block) for block in (delta.content if delta else ()) if isinstance(block, DataBlock)]
    assert [len(piece) for piece in pieces] == [HEADER_SIZE + len(FIRST), len(SECOND)]


def whole(message: Json, audio_format: str, profile: OpenAIChatProfile = PROFILE) -> ChatResponse:
    overrides = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": audio_format}}
    request = ChatRequest(Endpoint("http://x"), "m", Rendered([]), overrides=overrides)
    answer = {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return OpenAIChatCodec(profile).encode(request).decode_body(json.dumps(answer).encode())


def test_a_whole_answer_in_a_container_format_is_left_as_it_is() -> None:
    audio = {"id": "audio_1", "data": encoded(b"ID3\x04"), "expires_at": 1790000000, "transcript": "Hi."}
    answer = whole({"role": "assistant", "content": None, "audio": audio}, "mp3")
    assert data_of(sound(answer)) == b"ID3\x04"
    assert sound(answer).source.media_type == "audio/mpeg"
    assert answer.text == "Hi."


def test_a_profile_may_say_that_wav_is_raw_in_truth() -> None:
    profile = replace(PROFILE, raw_audio_formats=frozenset({"wav"}))
    message = {"role": "assistant", "content": "", "audio": {"data": encoded(FIRST)}}
    assert data_of(sound(whole(message, "wav", profile))) == streaming_header(24_000, size=4) + FIRST
