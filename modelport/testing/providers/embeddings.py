"""The four embedding APIs.

Facts: docs/protocols/openai-embedding.md#request-and-answer, docs/protocols/gemini.md#embeddings,
docs/protocols/ollama.md#embeddings, docs/protocols/dashscope-embedding.md#text.

Vectors come from a hash of each input, so they are the same in every run. Their size is the one asked for, else 1,024.
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from ..doubles.embedding_and_speech import hashed_vector
from ..servers.http import RecordedRequest, ScriptedAnswer

__all__ = ["dashscope", "gemini", "ollama", "openai"]

_SIZE = 1024


def openai(request: RecordedRequest) -> ScriptedAnswer:
    """`/embeddings`, in numbers or in base64."""
    body = request.json()
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    packs = body.get("encoding_format") == "base64"
    vectors = _vectors(texts, body.get("dimensions"))
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packs else vector}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": _tokens(request), "total_tokens": _tokens(request)}
    return ScriptedAnswer.json({"object": "list", "data": data, "model": body["model"], "usage": usage})


def gemini(request: RecordedRequest) -> ScriptedAnswer:
    """`batchEmbedContents`, and `embedContent` for one."""
    body = request.json()
    entries = body.get("requests", [body])
    size = entries[0].get("outputDimensionality") if entries else None
    found = [{"values": vector} for vector in _vectors([entry["content"] for entry in entries], size)]
    usage = {"usageMetadata": {"promptTokenCount": _tokens(request)}}
    return ScriptedAnswer.json({"embeddings": found, **usage} if "requests" in body else {"embedding": found[0]})


def ollama(request: RecordedRequest) -> ScriptedAnswer:
    """`/api/embed`."""
    body = request.json()
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    vectors = _vectors(texts, body.get("dimensions"))
    return ScriptedAnswer.json(
        {"model": body["model"], "embeddings": vectors, "prompt_eval_count": _tokens(request), "total_duration": 1}
    )


def dashscope(request: RecordedRequest) -> ScriptedAnswer:
    """The native text and multimodal endpoints, which name their entries differently."""
    body = request.json()
    given = body["input"]
    texts, key = (given["texts"], "text_index") if "texts" in given else (given["contents"], "index")
    vectors = _vectors(texts, (body.get("parameters") or {}).get("dimension"))
    found = [{key: index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"total_tokens": _tokens(request)}
    return ScriptedAnswer.json({"output": {"embeddings": found}, "usage": usage, "request_id": "request_1"})


def _vectors(inputs: list[Any], size: int | None) -> list[list[float]]:  # Any: texts, or a provider's media
    texts = [item if isinstance(item, str) else json.dumps(item, sort_keys=True) for item in inputs]
    return [hashed_vector(text, size or _SIZE) for text in texts]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _tokens(request: RecordedRequest) -> int:
    return 1 + len(request.body) // 4
