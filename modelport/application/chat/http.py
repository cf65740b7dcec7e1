"""The template of chat models over HTTP: a provider is a pure codec and an endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..model.checked import checked
from .model import AnswerT_co, ChatModelBase

if TYPE_CHECKING:
    from ...domain.chat.breakpoints import BreakpointRules
    from ...domain.chat.settings import SettingRules
    from ...domain.chat.tools import ToolChoice, ToolSchema
    from ...domain.message.messages import Msg
    from ...domain.message.responses import ModelWarning
    from ...ports.codec.base import Endpoint
    from ...ports.codec.chat import ChatCodec
    from ..model.formatter import FormatterBase
    from .call import Answer

__all__ = ["HttpChatModel"]


@cache
def _sender() -> Callable[..., Awaitable[Answer]]:
    """What makes an attempt; the engine is loaded by the first one."""
    from .http_attempt import send

    return send


class HttpChatModel(ChatModelBase[AnswerT_co]):
    """A chat model whose provider is a codec and an endpoint."""

    codec: ChatCodec
    formatter_class: ClassVar[type[FormatterBase]]

    @cached_property
    def formatter(self) -> FormatterBase:  # type: ignore[override]  # an attribute of the base, made late here
        """The formatter passed to the constructor, else the provider's own."""
        return self.formatter_class()

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that authenticate them."""
        return self._endpoint("chat")

    def _checked_values(self) -> tuple[dict[str, Any], list[ModelWarning]]:
        """The parameters to send, and a warning for each other one; checked once for the same values."""
        self._checked = known = checked(self._checked, self.parameters, self.card, self.card_checks)
        return known.values.copy(), known.warnings

    def breakpoint_rules(self) -> BreakpointRules:
        """How the provider marks blocks up to which it keeps the prompt."""
        return self._breakpoint_rules()

    def setting_rules(self) -> tuple[SettingRules | None, Mapping[str, Any]]:
        """How the provider writes neutral settings, and the schema of the parameters (Any: a JSON Schema).

        Without rules, all settings but `thinking` are fields of the body under their own names.
        """
        return self._setting_rules(), self.Parameters.model_json_schema()

    def settings_form(self) -> dict[str, Any]:  # Any: a JSON Schema
        """A form of the neutral settings that this model takes; its values may be given as `settings=`."""
        from .settings_form import settings_form  # for user interfaces only

        rules, parameters = self.setting_rules()
        return settings_form(rules, self.card, parameters)

    def _setting_rules(self) -> SettingRules | None:
        return None

    def _breakpoint_rules(self) -> BreakpointRules:
        from ...domain.chat.breakpoints import NO_BREAKPOINTS

        return NO_BREAKPOINTS

    def model_family(self) -> str:
        """The family whose replay data this model reads; empty when the provider's models read each other's."""
        return ""

    def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> Awaitable[Answer]:
        return _sender()(self, model_name, messages, tools or (), tool_choice, kwargs)
