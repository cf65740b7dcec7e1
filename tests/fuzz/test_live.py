"""Whatever a server of live transcription sends, reading it raises our errors only, and so does putting it together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.application.call.http import decode_whole
from modelport.credential import DashScopeCredential, GeminiCredential, OpenAICredential
from modelport.domain.transcription.live import LiveFold
from modelport.error import ModelError
from modelport.ports.codec.live_transcription import LiveRequest
from modelport.stt import DashScopeTranscriptionModel, GeminiTranscriptionModel, OpenAITranscriptionModel
from tests.fuzz.test_decoders import VALUES, fuzz, written

KEY = "k-0123456789"
MODELS: dict[str, Any] = {  # Any: models with a codec
    "openai": OpenAITranscriptionModel(OpenAICredential(api_key=KEY), "gpt-live-transcribe"),
    "qwen": DashScopeTranscriptionModel(DashScopeCredential(api_key=KEY), "qwen3-asr-flash-realtime"),
    "task": DashScopeTranscriptionModel(DashScopeCredential(api_key=KEY), "fun-asr-realtime"),
    "gemini": GeminiTranscriptionModel(GeminiCredential(api_key=KEY), "gemini-3.5-transcribe-live"),
}
ITEM = "conversation.item.input_audio_transcription."
KINDS = [ITEM + name for name in ("delta", "text", "segment", "completed", "failed")]
KINDS += ["input_audio_buffer." + name for name in ("speech_started", "speech_stopped", "committed")]
KINDS += ["session.created", "session.updated", "session.finished", "error"]
FIELDS = ["item_id", "previous_item_id", "delta", "text", "stash", "transcript", "usage", "error", "id", "start", "end"]
FIELDS += ["audio_start_ms", "audio_end_ms", "language", "emotion", "speaker"]
ANY = VALUES | st.sampled_from(["u1", "u2", "english", "tokens"])
INNER = ["input_tokens", "output_tokens", "seconds", "message", "code", "type"]
SENTENCE = ["sentence_id", "begin_time", "end_time", "text", "sentence_end", "heartbeat", "emo_tag", "words"]
WORD = st.dictionaries(st.sampled_from(["begin_time", "end_time", "text", "punctuation"]), ANY)
TASKS = ["task-started", "result-generated", "task-finished", "task-failed"]
CONTENT = ["inputTranscription", "turnComplete", "modelTurn", "generationComplete", "interrupted"]
HEARD = st.dictionaries(st.sampled_from(["text", "finished", "languageCode"]), ANY)


def events(name: str) -> st.SearchStrategy[dict[str, Any]]:
    if name == "task":
        sentence = st.dictionaries(st.sampled_from(SENTENCE), ANY | st.lists(ANY | WORD, max_size=2))
        payload = st.fixed_dictionaries({"output": ANY | st.fixed_dictionaries({"sentence": ANY | sentence})})
        header = st.builds(lambda event, more: {**more, "event": event}, st.sampled_from(TASKS), WORD)
        return st.fixed_dictionaries({"header": ANY | header, "payload": ANY | payload})
    if name == "gemini":
        content = st.dictionaries(st.sampled_from(CONTENT), ANY | HEARD)
        keys = st.sampled_from(["serverContent", "setupComplete", "usageMetadata"])
        return st.dictionaries(keys, ANY | content, min_size=1)
    fields = st.dictionaries(st.sampled_from(FIELDS), ANY | st.dictionaries(st.sampled_from(INNER), ANY))
    return st.builds(lambda kind, more: {**more, "type": kind}, st.sampled_from(KINDS), fields)


@pytest.mark.parametrize("name", MODELS)
def test_events(name: str) -> None:
    model = MODELS[name]
    request = LiveRequest(model._live_endpoint(), model.model, model.card)

    @fuzz
    @given(st.lists(events(name), min_size=1, max_size=6), st.booleans())
    def run(sent: list[dict[str, Any]], finished: bool) -> None:
        protocol, fold = model.live_codec.new_protocol(request), LiveFold()
        if finished:
            protocol.finish()
        for event in sent:
            try:
                for signal in decode_whole(protocol.receive, written(event)):
                    repr(fold.add(signal))
            except ModelError as error:
                assert str(error)
        for signal in protocol.quiet():
            fold.add(signal)
        repr(fold.transcript())

    run()
