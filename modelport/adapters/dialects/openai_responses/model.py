"""The chat model class that every provider of the dialect shares."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ....application.chat.http import HttpChatModel
from ....application.chat.model import AnswerT_co

if TYPE_CHECKING:
    from .profile import OpenAIResponsesProfile
    from .request import OpenAIResponsesCodec

__all__ = ["DialectResponseModel"]


class DialectResponseModel(HttpChatModel[AnswerT_co]):
    """A model behind Responses. Takes the arguments of `ChatModelBase`."""

    profile: ClassVar[OpenAIResponsesProfile]

    @cached_property
    def codec(self) -> OpenAIResponsesCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The dialect's codec, with the provider's profile."""
        from .request import OpenAIResponsesCodec

        return OpenAIResponsesCodec(self.profile)

    @property
    def provider_name(self) -> str:
        """The provider of the credential."""
        return self.credential.provider_name()
