"""The template of chat models over HTTP: one attempt, from a provider's pure codec and the transport port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any

from ..domain.card_checks import card_warnings, check_parameters
from ..domain.errors import ModelConnectionError, ModelError, ResponseDecodeError, StreamTruncatedError
from ..domain.messages import Msg
from ..domain.responses import ChatResponse, ModelWarning
from ..domain.retry import parse_retry_after, parse_should_retry
from ..domain.tool_choice import ToolChoice, ToolSchema
from ..ports.transport import HttpResponse
from .chat_call import ENDED, STARTED, Answer, started
from .chat_model import ChatModelBase, strict_warnings
from .codec import BodyKind, ChatCodec, ChatRequest, Decoder, Endpoint, WireCall
from .context import CallContext, current_call
from .formatter import RenderContext

__all__ = ["HttpChatModel"]

_MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024


class HttpChatModel(ChatModelBase):
    """A chat model whose provider is a codec and an endpoint."""

    codec: ChatCodec

    def endpoint(self) -> Endpoint:
        """Where requests go, with the headers that identify the caller."""
        raise NotImplementedError

    async def _call_api(
        self,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,  # Any: provider body fields
    ) -> Answer:
        context = current_call.get() or self._new_context()
        if context.encoded is None:
            context.encoded = await self._encode(context, model_name, messages, tools, tool_choice, kwargs)
        call: WireCall = context.encoded
        response = await context.runtime.transport.send(call.http_request, context.clocks.connected)
        try:
            context.answered(response.status, response.headers, _request_id(response.headers))
            if not 200 <= response.status < 300:
                raise await self._error(response, context)
            kind = body_kind(response.headers.get("content-type", ""), context.stream)
            if kind == "stream":
                return await started(self._events(response, call, context))
            return call.decode_body(await _read(response, context, _MAX_BODY_BYTES))
        except BaseException:
            await response.aclose()
            raise

    async def _encode(
        self,
        context: CallContext,
        model_name: str,
        messages: list[Msg],
        tools: list[ToolSchema] | None,
        tool_choice: ToolChoice | None,
        kwargs: Mapping[str, Any],
    ) -> WireCall:
        """The request on the wire; its warnings go to the context."""
        values, warnings = self._parameter_values()
        rendered = await self.formatter.prepare(messages, context.runtime.media_loader, self._render_context(context))
        overrides = dict(kwargs)
        headers = overrides.pop("extra_headers", None) or {}
        overrides.update(overrides.pop("extra_body", None) or {})
        request = ChatRequest(
            endpoint=self.endpoint(),
            model=model_name,
            rendered=rendered,
            parameters=values,
            chosen=frozenset(self.parameters.model_fields_set),
            context_size=self.context_size,
            tools=tools or (),
            tool_choice=tool_choice,
            stream=context.stream,
            card=self.card,
            overrides=overrides,
            extra_headers=headers,
        )
        call = self.codec.encode(request)
        context.warnings += [*warnings, *rendered.warnings, *call.warnings]
        if self.on_unsupported == "error":
            strict_warnings(context.warnings)
        return call

    def _render_context(self, context: CallContext) -> RenderContext:
        types = self.card.input_types if self.card.known and self.card_checks == "on" else None
        return RenderContext(family=self.model_family(), input_types=types, now=context.runtime.clock.wall())

    def model_family(self) -> str:
        """The family whose replay data this model reads; empty when the provider's models read each other's."""
        return ""

    def _parameter_values(self) -> tuple[dict[str, Any], list[ModelWarning]]:
        """The parameters to send, checked against the card, and what was dropped."""
        values = self.parameters.model_dump(exclude_none=True)
        warnings = card_warnings(self.card)
        if self.card_checks == "off":
            return values, warnings
        kept, dropped = check_parameters(self.card, values)
        return kept, [*warnings, *dropped]

    async def _events(
        self, response: HttpResponse, call: WireCall, context: CallContext
    ) -> AsyncGenerator[ChatResponse, None]:
        """The deltas of a streamed answer, then `ENDED`; what follows that only drains the connection."""
        framer, decoder, clocks = call.new_framer(), call.new_decoder(), context.clocks
        body = aiter(response)
        try:
            yield STARTED
            try:
                async for data in body:
                    delta = decoder.feed(framer.feed(data))
                    if delta is not None:
                        yield delta
                    if decoder.failure is not None:
                        raise self._without_secrets(decoder.failure)
                    if decoder.ended:
                        break
                    clocks.bytes_received()
            except ModelConnectionError as broken:
                yield _finish(decoder, broken)
                return
            tail = None if decoder.ended else framer.tail()
            delta = _feed_tail(decoder, tail)
            if delta is not None:
                yield delta
            yield decoder.finish()
            yield ENDED
            with suppress(ModelConnectionError):
                async for _ in body:
                    pass
        finally:
            await response.aclose()

    async def _error(self, response: HttpResponse, context: CallContext) -> ModelError:
        """The error an unsuccessful answer means, whether or not its body can be read to the end."""
        body = bytearray()
        with suppress(ModelConnectionError):
            async for data in response:
                body += data
                if len(body) > _MAX_ERROR_BYTES:
                    break
        await response.aclose()
        headers = response.headers
        error = self.codec.map_error(response.status, headers, bytes(body))
        error.request_id = _request_id(headers) or error.request_id
        error.retry_after = parse_retry_after(headers, context.runtime.clock.wall())
        error.should_retry = parse_should_retry(headers)
        if error.should_retry is not None:
            error.retryable = error.should_retry
        return self._without_secrets(error)

    def _without_secrets(self, error: ModelError) -> ModelError:
        """Servers repeat the key in their errors; we do not."""
        error.scrub(self.endpoint().secrets())
        return error


def body_kind(content_type: str, streaming: bool) -> BodyKind:
    """How to read an answer of this content type; servers may answer a stream request whole, and the other way."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in ("text/event-stream", "application/x-ndjson", "application/stream+json"):
        return "stream"
    if media_type == "application/json" or media_type.startswith("text/html"):
        return "json"
    return "stream" if streaming else "json"


def _request_id(headers: Mapping[str, str]) -> str | None:
    names = ("x-request-id", "request-id", "x-ds-trace-id", "msh-request-id")
    return next((headers[name] for name in names if name in headers), None)


async def _read(response: HttpResponse, context: CallContext, limit: int) -> bytes:
    pieces, size = [], 0
    try:
        async for data in response:
            context.clocks.bytes_received()
            size += len(data)
            if size > limit:
                raise ResponseDecodeError(f"the answer is larger than {limit} bytes")
            pieces.append(data)
    finally:
        await response.aclose()
    return b"".join(pieces)


def _feed_tail(decoder: Decoder, tail: bytes | None) -> ChatResponse | None:
    """An event without its end counts when it is whole; otherwise `finish` says whether the answer is."""
    delta = decoder.feed([tail]) if tail is not None else None
    if decoder.failure is not None and not isinstance(decoder.failure, ResponseDecodeError):
        raise decoder.failure
    return delta


def _finish(decoder: Decoder, broken: ModelConnectionError) -> ChatResponse:
    """A connection that broke after the protocol's end did no harm."""
    try:
        return decoder.finish()
    except StreamTruncatedError as truncated:
        raise truncated from broken
