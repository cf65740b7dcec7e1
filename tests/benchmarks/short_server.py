"""A server of short answers made beforehand: one small whole answer, or a stream of ten events, of five protocols.

    python -m tests.benchmarks.short_server

It prints its port. A stream is sent in one write; a path that begins with `/slow` gets a packet for each event.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

EVENTS = 10
WORDS = [f"w{number:04d} " for number in range(EVENTS)]
TEXT = "Good morning. What can I do for you?"
STREAMED = "".join(WORDS)
Json = dict[str, Any]  # Any: a provider's JSON
Answers = tuple[Json, list[bytes]]


def _sse(events: list[Json], *, named: bool = False) -> list[bytes]:
    return [
        (f"event: {event['type']}\n" if named else "").encode() + b"data: " + json.dumps(event).encode() + b"\n\n"
        for event in events
    ]


def chat() -> Answers:
    """Chat Completions."""
    facts = {"id": "chatcmpl-1", "created": 1760000000, "model": "m", "service_tier": "default"}
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 10,
        "total_tokens": 19,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    message: Json = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    whole = {**facts, "object": "chat.completion", "choices": [choice], "usage": usage}

    def chunk(delta: Json, finish: str | None = None) -> Json:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return {**facts, "object": "chat.completion.chunk", "choices": choices, "usage": None}

    events = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in WORDS)]
    last = {**facts, "object": "chat.completion.chunk", "choices": [], "usage": usage}
    return whole, [*_sse([*events, chunk({}, "stop"), last]), b"data: [DONE]\n\n"]


def responses() -> Answers:
    """OpenAI's Responses."""
    usage = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 10, "total_tokens": 19}
    usage["output_tokens_details"] = {"reasoning_tokens": 0}
    empty: Json = {"error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "tools": []}
    choices = {"tool_choice": "auto", "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0}
    answer = {"id": "resp_1", "object": "response", "created_at": 1760000000, "model": "m", **empty, **choices}

    def part(text: str) -> Json:
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}

    def message(text: str, status: str) -> Json:
        content = [part(text)] if status == "completed" else []
        return {"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}

    def ended(text: str) -> Json:
        return {**answer, "status": "completed", "output": [message(text, "completed")], "usage": usage}

    begun = {**answer, "status": "in_progress", "output": [], "usage": None}
    of_part = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": message("", "in_progress")},
        {"type": "response.content_part.added", **of_part, "part": part("")},
        *({"type": "response.output_text.delta", **of_part, "delta": word, "logprobs": []} for word in WORDS),
        {"type": "response.output_text.done", **of_part, "text": STREAMED, "logprobs": []},
        {"type": "response.content_part.done", **of_part, "part": part(STREAMED)},
        {"type": "response.output_item.done", "output_index": 0, "item": message(STREAMED, "completed")},
        {"type": "response.completed", "response": ended(STREAMED)},
    ]
    return ended(TEXT), _sse([{**event, "sequence_number": n} for n, event in enumerate(events)], named=True)


def anthropic() -> Answers:
    """Anthropic's Messages."""
    usage = {"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 10}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    content = [{"type": "text", "text": TEXT}]
    whole = {**message, "content": content, "stop_reason": "end_turn", "usage": usage}
    delta = {"type": "content_block_delta", "index": 0}
    events: list[Json] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({**delta, "delta": {"type": "text_delta", "text": word}} for word in WORDS),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]
    return whole, _sse(events, named=True)


def gemini() -> Answers:
    """Gemini's `generateContent`."""
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 10, "totalTokenCount": 19}

    def answer(text: str, **finish: str) -> Json:
        candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **finish}
        return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "m", "responseId": "r1"}

    streamed = [answer(word) for word in WORDS[:-1]] + [answer(WORDS[-1], finishReason="STOP")]
    return answer(TEXT, finishReason="STOP"), _sse(streamed)


def ollama() -> Answers:
    """Ollama's `/api/chat`."""

    def answer(text: str, **facts: Any) -> Json:  # Any: JSON values
        said = {"role": "assistant", "content": text}
        return {"model": "m", "created_at": "2026-11-22T06:00:00.000000Z", "message": said, "done": False, **facts}

    times = dict.fromkeys(("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"), 1)
    end = {"done": True, "done_reason": "stop", **times, "prompt_eval_count": 9, "eval_count": 10}
    lines = [*(answer(word) for word in WORDS), answer("", **end)]
    return answer(TEXT, **end), [json.dumps(line).encode() + b"\n" for line in lines]


def _baked(answers: Answers, kind: str) -> tuple[bytes, list[bytes]]:
    """The whole answer, and the head and the chunks of the stream, as bytes of HTTP."""
    body = json.dumps(answers[0]).encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: {}\r\nx-request-id: req-1\r\n{}\r\n\r\n"
    whole = head.format("application/json", f"content-length: {len(body)}").encode() + body
    chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in answers[1]]
    return whole, [head.format(kind, "transfer-encoding: chunked").encode(), *chunks, b"0\r\n\r\n"]


_SSE = "text/event-stream"
ROUTES = {
    b"/chat/completions": _baked(chat(), _SSE),
    b"/responses": _baked(responses(), _SSE),
    b"/messages": _baked(anthropic(), _SSE),
    b"enerateContent": _baked(gemini(), _SSE),
    b"/api/chat": _baked(ollama(), "application/x-ndjson"),
}


def _streams(path: bytes, body: bytes) -> bool:
    request = json.loads(body or b"{}")
    return b"streamGenerate" in path or bool(request.get("stream", b"/api/chat" in path))


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"content-length:" in head:
        return await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.partition(b"\r\n")[0]
            body = await _body(reader, head.lower())
            whole, stream = next(answers for end, answers in ROUTES.items() if end in path)
            if not _streams(path, body):
                writer.write(whole)
            elif b"/slow" in path:
                for piece in stream:
                    writer.write(piece)
                    await asyncio.sleep(0.001)
            else:
                writer.write(b"".join(stream))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until the process is killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
