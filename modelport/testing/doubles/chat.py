"""Chat models without a provider, for the tests of applications: one plays a script, one calls a function.

    model = ScriptedChatModel(["Hello!", [ToolCallBlock(id="1", name="add", input="{}")], RateLimitError("slow down")])
    model = FunctionChatModel(lambda messages, tools: f"You said: {messages[-1].get_text_content()}")

They are models like others: retries, deltas, the last response, clocks, cancellation and structured output are the
engine's own; only the attempt is made up. They need no credential, and wait for nothing between retries.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Type, Unpack, overload

from pydantic import BaseModel, ConfigDict

from ...application.call.context import current_call
from ...application.chat.model import AnswerT_co, ChatModelBase
from ...application.chat.options import ChatOptions
from ...application.chat.stream import ChatStream
from ...application.model.credential import CredentialBase
from ...domain.chat.fold import ChatFold
from ...domain.chat.tokens import estimated
from ...domain.chat.tools import ToolChoice, ToolSchema
from ...domain.message.messages import Msg
from ...domain.message.responses import ChatResponse
from .answers import Answer, Step, deltas_of, steps_of

__all__ = ["AnyParameters", "ChatFunction", "DoubleCredential", "FunctionChatModel", "RecordedCall", "ScriptOverError"]
__all__ += ["ScriptedChatModel"]


class ScriptOverError(AssertionError):
    """A double was called more often than its script has answers."""


class DoubleCredential(CredentialBase):
    """The credential of test doubles; it has no key."""

    provider: ClassVar[str] = "double"
    type: Literal["double_credential"] = "double_credential"


class DoubleOptions(ChatOptions, total=False):
    """The further arguments of a double: those of every chat model."""

    credential: CredentialBase
    parameters: BaseModel | None


class AnyParameters(BaseModel):
    """Accepts any parameters that an application sets."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """The arguments of one attempt, copied so that later changes of the conversation do not show."""

    messages: list[Msg]
    tools: list[ToolSchema] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Body fields the caller gave (Any: the provider's)."""
    stream: bool = False

    @property
    def text(self) -> str:
        """The text of the last message."""
        return self.messages[-1].get_text_content() or "" if self.messages else ""


ChatFunction = Callable[[list[Msg], list[ToolSchema]], Answer | Awaitable[Answer] | AsyncGenerator[Step, None]]
"""Messages and tools (an empty list without) to an answer, its awaitable, or a generator of its steps."""


class _ChatDouble(ChatModelBase[AnswerT_co]):
    """The base of the doubles. `calls` has one entry per attempt: a retry is a call of its own, as for a server."""

    Parameters: ClassVar[Type[BaseModel]] = AnyParameters

    def __init__(
        self,
        model: str,
        stream: bool,
        options: dict[str, Any],  # Any: further arguments of `ChatModelBase`
    ) -> None:
        if "retry_policy" not in options:
            options.setdefault("retry_delay", 0.0)
        super().__init__(options.pop("credential", None) or DoubleCredential(), model, stream=stream, **options)
        self.calls: list[RecordedCall] = []

    async def _answer(self, call: RecordedCall) -> Answer | AsyncGenerator[Step, None]:
        raise NotImplementedError

    async def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: whatever the caller gave
    ) -> ChatResponse | AsyncGenerator[ChatResponse, None]:
        context = current_call.get()
        streams = context.stream if context else self.stream
        copies = [message.model_copy(deep=True) for message in messages]
        call = RecordedCall(copies, list(tools or ()), tool_choice, kwargs, streams)
        self.calls.append(call)
        answer = await self._answer(call)
        if isinstance(answer, Exception):
            raise answer
        facts = answer if isinstance(answer, ChatResponse) else None
        steps = answer if isinstance(answer, AsyncGenerator) else _each(steps_of(answer, call.tools, tool_choice))
        deltas = deltas_of(steps, facts, estimated(messages, tools), self.runtime.clock.sleep)
        return deltas if streams else await _whole(deltas)


class ScriptedChatModel(_ChatDouble[AnswerT_co]):
    """Answers in the order of its script, one entry per attempt; see `Answer` for what an entry may be.

    An error entry is what a failed request is to a real model: mapped, and tried again with the next entry where it is
    retryable. When the script is over, `ScriptOverError`. `calls` records what was asked.

    Args:
        script: the answers; also an endless iterator, such as `itertools.repeat("yes")`.
        model: the model's name.
        stream: as of every chat model.
        options: the further arguments of `ChatModelBase`; `retry_delay` is 0 unless given.
    """

    type: str = "scripted_chat"

    @overload
    def __init__(
        self: ScriptedChatModel[ChatStream],
        script: Iterable[Answer] = (),
        model: str = "scripted-model",
        stream: Literal[True] = True,
        **options: Unpack[DoubleOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: ScriptedChatModel[ChatResponse],
        script: Iterable[Answer] = (),
        model: str = "scripted-model",
        *,
        stream: Literal[False],
        **options: Unpack[DoubleOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        script: Iterable[Answer] = (),
        model: str = "scripted-model",
        stream: bool = True,
        **options: Unpack[DoubleOptions],
    ) -> None: ...
    def __init__(
        self,
        script: Iterable[Answer] = (),
        model: str = "scripted-model",
        stream: bool = True,
        **options: Unpack[DoubleOptions],
    ) -> None:
        super().__init__(model, stream, dict(options))
        if isinstance(script, (str, Mapping)):
            raise TypeError(f"script is a single {type(script).__name__}; give a list of answers")
        self._script = iter(script)

    async def _answer(self, call: RecordedCall) -> Answer:
        try:
            return next(self._script)
        except StopIteration:
            message = f"the script has {len(self.calls) - 1} answers, and this is attempt {len(self.calls)}"
            raise ScriptOverError(f"{message}: {call.text[:200]!r}; give it another answer") from None


class FunctionChatModel(_ChatDouble[AnswerT_co]):
    """Answers with what a function of the messages and the tools returns, plain, asynchronous or as an async generator.

    What it returns is what an entry of a script may be (see `Answer`), and what it raises is a failed attempt.
    """

    type: str = "function_chat"

    @overload
    def __init__(
        self: FunctionChatModel[ChatStream],
        function: ChatFunction,
        model: str = "function-model",
        stream: Literal[True] = True,
        **options: Unpack[DoubleOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: FunctionChatModel[ChatResponse],
        function: ChatFunction,
        model: str = "function-model",
        *,
        stream: Literal[False],
        **options: Unpack[DoubleOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        function: ChatFunction,
        model: str = "function-model",
        stream: bool = True,
        **options: Unpack[DoubleOptions],
    ) -> None: ...
    def __init__(
        self,
        function: ChatFunction,
        model: str = "function-model",
        stream: bool = True,
        **options: Unpack[DoubleOptions],
    ) -> None:
        super().__init__(model, stream, dict(options))
        self._function = function

    async def _answer(self, call: RecordedCall) -> Answer | AsyncGenerator[Step, None]:
        answer = self._function(call.messages, call.tools)
        return await answer if inspect.isawaitable(answer) else answer


async def _each(steps: Iterable[Step]) -> AsyncGenerator[Step, None]:
    for step in steps:
        yield step


async def _whole(deltas: AsyncGenerator[ChatResponse, None]) -> ChatResponse:
    fold = ChatFold()
    async for delta in deltas:
        fold.add(delta)
    return fold.final([], 0.0)
