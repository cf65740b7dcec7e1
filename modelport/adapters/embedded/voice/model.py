"""Voice conversations in this process: Moonshine listens, the embedded chat model answers, eSpeak NG speaks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from ....application.model.credential import CredentialBase
from ....application.realtime.model import RealtimeModelBase, RealtimeParameters
from ....domain.errors import InvalidRequestError, NotFoundError, SettingsError
from ....domain.realtime.settings import RealtimeFacts
from ....ports.codec.base import Endpoint
from ....ports.codec.realtime import RealtimeCodec, RealtimeTraits
from ...dialects.openai_realtime.model import OpenAIRealtimeCodec
from ...dialects.openai_realtime.profile import RealtimeProfile
from . import listening, reply
from .connector import InProcessConnector

if TYPE_CHECKING:
    from ....application.call.spec import CallSpec
    from ....application.chat.model import ChatModelBase
    from ....application.chat.stream import ChatStream
    from ....domain.retry import RetryPolicy, Timeouts
    from ....ports.runtime import Runtime
    from ....ports.websocket import WebSocketConnector

__all__ = ["VOICE", "EmbeddedRealtimeModel", "EmbeddedRealtimeParameters"]

VOICE = "voice"
_PROFILE = RealtimeProfile(
    provider="embedded",
    facts=RealtimeFacts(image_input=False, tools=False),
    traits=RealtimeTraits(input_rate=listening.RATE, output_rate=reply.RATE),
    fields={"max_tokens": "max_output_tokens", "temperature": "temperature"},
    images=None,
    greets=False,
    fatal={"not_installed": InvalidRequestError},
)


class EmbeddedRealtimeParameters(RealtimeParameters):
    """Parameters of a session. An answer has at most 160 tokens unless `max_tokens` says otherwise."""

    speed: float | None = Field(default=None, ge=0.5, le=2.5, title="Speed", description="Of the speech.")


class EmbeddedRealtimeModel(RealtimeModelBase):
    """Voice conversations without a key and a network. Each session has a server of its own in this process.

    Typed text needs the extras `embedded` and `embedded-speech`; speech, which has to be English, needs the extra
    `embedded-recognition` as well. The chat model is fetched once and loaded by the first reply.

    Args:
        chat: a model that answers in place of the embedded one, with its own limits; it has to stream.
        connector: used in place of the server in this process.
    """

    Parameters = EmbeddedRealtimeParameters
    provider: ClassVar[str] = "embedded"
    type = "embedded_realtime"
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"
    codec: ClassVar[RealtimeCodec] = OpenAIRealtimeCodec(_PROFILE)

    def __init__(
        self,
        credential: CredentialBase,
        model: str = VOICE,
        parameters: EmbeddedRealtimeParameters | None = None,
        *,
        retry_policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        runtime: Runtime | None = None,
        card_checks: Literal["on", "off"] = "on",
        reconnect: bool = True,
        chat: ChatModelBase[ChatStream] | None = None,
        connector: WebSocketConnector | None = None,
    ) -> None:
        _require(["espeakng_loader", "numpy"] if chat is not None else ["espeakng_loader", "numpy", "xllamacpp"])
        if chat is not None and not chat.stream:
            raise InvalidRequestError("chat has to be a chat model with stream=True, so that it is spoken as it comes")
        super().__init__(
            credential,
            model,
            parameters,
            retry_policy=retry_policy,
            timeouts=timeouts,
            runtime=runtime,
            card_checks=card_checks,
            reconnect=reconnect,
        )
        self._chat = chat
        self._connector = connector

    @classmethod
    def _known_name(cls, model: str) -> str:
        if model != VOICE:
            raise NotFoundError(f"unknown embedded voice model {model!r}; expected {VOICE}", provider="embedded")
        return model

    def endpoint(self) -> Endpoint:
        """A name of this process; nothing is sent there."""
        return Endpoint("embedded:")

    def _spec(self, *, stream: bool = False) -> CallSpec:
        spec = super()._spec(stream=stream)
        connector = self._connector or InProcessConnector(self._new_chat)
        return dataclasses.replace(spec, runtime=dataclasses.replace(spec.runtime, websockets=connector))

    def _new_chat(self, **parameters: Any) -> ChatModelBase[ChatStream]:  # Any: each has its own type
        if self._chat is not None:
            return self._chat
        from ..chat import EmbeddedChatModel

        return EmbeddedChatModel(
            self.credential, parameters=EmbeddedChatModel.Parameters(**parameters), runtime=self.runtime
        )


def _require(modules: Sequence[str]) -> None:
    """Raise `SettingsError` with the command that installs what is missing."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"the embedded voice needs {', '.join(missing)}: run "
            "pip install 'modelport[embedded,embedded-speech]', with embedded-recognition to be understood"
        )
