"""Providers on this machine: servers that answer any legal request of the protocols that Modelport uses.

    async with ScriptedServer(answer_provider) as server:
        model = OpenAIChatModel(OpenAICredential(api_key="k", base_url=server.base_url + "/v1"), "gpt-4.1")

or, for credentials that name no server, `with offline_providers():` around the whole program. Their answers are made up
and always the same: texts repeat the question, a tool that is offered is called, structured output fits its schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy import lazy_exports

if TYPE_CHECKING:
    from .answers import answer_provider, answer_provider_socket

__all__ = ["answer_provider", "answer_provider_socket"]

__getattr__ = lazy_exports(
    __name__,
    {
        "answer_provider": "testing.providers.answers",
        "answer_provider_socket": "testing.providers.answers",
    },
)
