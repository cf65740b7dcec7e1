"""The chat model class that every provider of the dialect shares."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ....application.chat.http import HttpChatModel
from ....application.chat.model import AnswerT_co

if TYPE_CHECKING:
    from ....application.model.formatter import FormatterBase
    from ....domain.chat.breakpoints import BreakpointRules
    from ....domain.chat.settings import SettingRules
    from .formatter import DialectChatFormatter
    from .profile import OpenAIChatProfile
    from .request import OpenAIChatCodec

__all__ = ["DialectChatModel"]


class DialectChatModel(HttpChatModel[AnswerT_co]):
    """A model behind Chat Completions. Takes the arguments of `ChatModelBase`.

    The codec and the formatter are made when a call first needs them.
    """

    profile: ClassVar[OpenAIChatProfile]

    @cached_property
    def codec(self) -> OpenAIChatCodec:  # type: ignore[override]  # an attribute of the base, made late here
        """The dialect's codec, with the profile of the credential's provider."""
        from .request import OpenAIChatCodec

        return OpenAIChatCodec(self._credential_profile() or self.profile)

    @cached_property
    def formatter(self) -> FormatterBase:  # type: ignore[override]  # as above
        """The formatter passed to the constructor, else the provider's own."""
        profile = self._credential_profile()
        return _formatter_of(profile) if profile else self.default_formatter()

    def default_formatter(self) -> FormatterBase:
        """The provider's own formatter."""
        return self.formatter_class()

    def _credential_profile(self) -> OpenAIChatProfile | None:
        profile: OpenAIChatProfile | None = getattr(type(self.credential), "chat_profile", None)
        return profile

    @property
    def provider_name(self) -> str:
        """The provider of the credential: one class serves all profiles of the dialect."""
        credential = self.credential
        return credential.provider or credential.provider_name()

    def _setting_rules(self) -> SettingRules | None:
        from ....domain.chat.settings import BY_EFFORT
        from .settings import CHAT_SETTINGS
        from .thinking import effort_only

        by_effort = (self._credential_profile() or self.profile).thinking is effort_only
        return {**CHAT_SETTINGS, "thinking": BY_EFFORT} if by_effort else CHAT_SETTINGS

    def _breakpoint_rules(self) -> BreakpointRules:
        from .settings import EPHEMERAL_BREAKPOINTS

        marks = (self._credential_profile() or self.profile).cache_control
        return EPHEMERAL_BREAKPOINTS if marks else super()._breakpoint_rules()


def _formatter_of(profile: OpenAIChatProfile) -> DialectChatFormatter:
    """The formatter of a profile that has no class of its own."""
    from .formatter import DialectChatFormatter

    name = profile.provider.replace("-", "_").title().replace("_", "")
    generated = type(f"{name}ChatFormatter", (DialectChatFormatter,), {"profile": profile})
    formatter: DialectChatFormatter = generated()
    return formatter
