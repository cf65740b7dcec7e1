"""What calls without `await` cost: CPU of 20 in a row, against the same calls awaited in one loop.

    python tests/benchmarks/sync.py [--calls 20] [--rounds 30]

A server in a process of its own answers Chat Completions with bytes made beforehand, over a connection that is kept.
Bound: at most 1.3 times. Both ways are measured in turn in one process, each with connections that are warm.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time

from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import ChatResponse, OpenAIChatModel

BOUND = 1.3
ASK = [UserMsg("user", "Hello?")]
SERVER = """
import asyncio, json
message = {"role": "assistant", "content": "Hello! How can I help?"}
usage = {"prompt_tokens": 8, "completion_tokens": 7, "total_tokens": 15}
choice = {"index": 0, "finish_reason": "stop", "message": message}
body = json.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}).encode()
answer = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body) + body

async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\\r\\n")[0]))
            writer.write(answer)
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def awaited(model: OpenAIChatModel[ChatResponse], calls: int, rounds: int) -> list[float]:
    """Seconds of CPU of each round in one loop; the first round, which opens the connection, is left out."""

    async def all_rounds() -> list[float]:
        seconds = []
        for _ in range(rounds + 1):
            started = time.process_time()
            for _ in range(calls):
                await model(ASK)
            seconds.append(time.process_time() - started)
        return seconds[1:]

    return asyncio.run(all_rounds())


def blocking(model: OpenAIChatModel[ChatResponse], calls: int, rounds: int) -> list[float]:
    """The same without `await`."""
    seconds = []
    for _ in range(rounds + 1):
        started = time.process_time()
        for _ in range(calls):
            model.sync.generate(ASK)
        seconds.append(time.process_time() - started)
    return seconds[1:]


def main() -> int:
    """Print both costs for one call and their ratio; 1 when it is above the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        credential = OpenAICredential(api_key="k", base_url=f"http://127.0.0.1:{int(server.stdout.readline())}/v1")
        model = OpenAIChatModel(credential, "gpt-4.1", stream=False)
        ratios, costs = [], []
        for _ in range(3):
            pair = [statistics.median(way(model, given.calls, given.rounds)) for way in (awaited, blocking)]
            costs.append([seconds / given.calls * 1e6 for seconds in pair])
            ratios.append(pair[1] / pair[0])
    finally:
        server.kill()
        server.wait()
    best = ratios.index(statistics.median(ratios))
    result = {"awaited_us": costs[best][0], "sync_us": costs[best][1], "ratio": ratios[best]}
    print(json.dumps({name: round(value, 2) for name, value in result.items()}))
    return int(ratios[best] > BOUND)


if __name__ == "__main__":
    sys.exit(main())
