"""One process that saves turns until it is ended, and logs each after its save.

usage: conversation_worker.py URL ID [TURNS]
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from modelport.conversation import Conversation, SQLConversationStore
from modelport.message import AssistantMsg, UserMsg


async def talk(url: str, name: str, turns: int | None) -> None:
    store, conversation = SQLConversationStore(url), Conversation(id=name)
    for number in itertools.count() if turns is None else range(turns):
        conversation.append(UserMsg("user", f"question {number}"), AssistantMsg("assistant", f"answer {number}"))
        await store.save(conversation)
        print(number, flush=True)


if __name__ == "__main__":
    url, name, *turns = sys.argv[1:]
    asyncio.run(talk(url, name, int(turns[0]) if turns else None))
