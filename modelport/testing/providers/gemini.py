"""Gemini's generateContent: chat, speech and speech-to-text.

Facts: docs/protocols/gemini.md#request, docs/protocols/gemini-tts.md#answer,
docs/protocols/speech-to-text.md#gemini-files.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import unquote

from ..servers.http import RecordedRequest, ScriptedAnswer
from .dashscope_speech import silence
from .reply import Asked, Json, Reply, pieces, reply_to, sse, texts_of
from .transcription import HEARD

__all__ = ["answer"]

_WORDS = {"AUTO": "auto", "NONE": "none", "ANY": "required", "VALIDATED": "auto"}


def answer(request: RecordedRequest) -> ScriptedAnswer:
    """An answer, or its parts as they come; to `countTokens` a number."""
    name, _, method = unquote(request.path).partition("?")[0].rpartition("/")[2].partition(":")
    body = request.json()
    if method == "countTokens":
        return ScriptedAnswer.json({"totalTokens": 1 + len(request.body) // 4})
    config = body.get("generationConfig") or {}
    if config.get("responseModalities") == ["AUDIO"]:
        return _spoken(name, "".join(part["text"] for part in body["contents"][-1]["parts"]), method)
    if "audioTranscriptionConfig" in config:
        heard = Reply(HEARD, None, {}, 40)
        turn = {"audioTranscription": {"text": HEARD, "languageCode": "en", "startOffset": "0s", "endOffset": "1.5s"}}
        whole = _answer(name, heard, turn, ended=True)
        return sse([("", whole)]) if method == "streamGenerateContent" else ScriptedAnswer.json(whole)
    reply = reply_to(_asked(body, len(request.body)))
    if method == "streamGenerateContent":
        return sse([("", part) for part in _parts(name, reply)])
    return ScriptedAnswer.json(_answer(name, reply, _part(reply, reply.text), ended=True))


def _spoken(model: str, text: str, method: str) -> ScriptedAnswer:
    """Silence as long as the text needs, as samples."""

    def part(piece: str) -> Json:
        data = base64.b64encode(silence(piece)).decode()
        return {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data}}

    counted = Reply(text, None, {}, len(text))
    if method != "streamGenerateContent":
        return ScriptedAnswer.json(_answer(model, counted, part(text), ended=True))
    cut = pieces(text)
    last = len(cut) - 1
    return sse([("", _answer(model, counted, part(piece), ended=number == last)) for number, piece in enumerate(cut)])


def _asked(body: Json, size: int) -> Asked:
    contents = body["contents"]
    last = [content["parts"] for content in contents if content.get("role", "user") == "user"][-1:]
    parts = last[0] if last else []
    declared = [one for tool in body.get("tools") or () for one in tool.get("functionDeclarations", ())]
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    names = calling.get("allowedFunctionNames")
    config = body.get("generationConfig") or {}
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return Asked(
        text=texts_of(parts),
        size=size,
        tools={one["name"]: one.get("parametersJsonSchema") for one in declared if not names or one["name"] in names},
        choice=_WORDS.get(str(calling.get("mode", "AUTO")), "auto"),
        answered=any("functionResponse" in part for part in parts),
        schema=schema,
        json_mode=config.get("responseMimeType") == "application/json",
    )


def _part(reply: Reply, text: str) -> Json:
    if reply.tool:
        return {"functionCall": {"id": "call_1", "name": reply.tool, "args": reply.arguments}}
    return {"text": text}


def _answer(model: str, reply: Reply, part: Json, *, ended: bool) -> Json:
    candidate: Json = {"index": 0, "content": {"role": "model", "parts": [part]}}
    whole = {"candidates": [candidate], "modelVersion": model, "responseId": "response_1"}
    if not ended:
        return whole
    candidate["finishReason"] = "STOP"
    given, made = reply.input_tokens, reply.output_tokens
    usage = {"promptTokenCount": given, "candidatesTokenCount": made, "totalTokenCount": given + made}
    return {**whole, "usageMetadata": usage}


def _parts(model: str, reply: Reply) -> Iterator[Json]:
    texts = pieces(reply.text) or [""]
    for number, text in enumerate(texts, start=1):
        yield _answer(model, reply, _part(reply, text), ended=number == len(texts))
