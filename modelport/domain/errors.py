"""Every error that leaves this package.

ModelportError
├── SettingsError               a settings file, variable or extra is missing or wrong
├── CardError                   a model card cannot be read or contradicts itself
├── MediaError                  a media file or URL cannot be loaded
├── ReplayMismatchError         a replayed request is not on the cassette
├── ConversationError           a stored conversation cannot be read or written
│   ├── ConversationNotFoundError
│   └── ConversationConflictError   another writer was there in between
└── ModelError                  a call of a model failed
    ├── AuthenticationError     the key is missing, wrong or expired
    ├── PermissionDeniedError   the key has no permission for this
    ├── NotFoundError           the model or endpoint does not exist
    ├── InvalidRequestError     the request is refused as it stands
    │   ├── ContextLengthError
    │   └── UnsupportedFeatureError
    ├── ContentFilterError      the provider's policy refused the prompt
    ├── RateLimitError          too many requests or tokens per period
    ├── QuotaExceededError      billing or quota is used up: retrying does not help
    ├── ServerError
    │   └── OverloadedError
    ├── ModelTimeoutError       one of our four clocks ran out
    ├── ModelConnectionError    no connection, or it broke before an answer
    ├── ResponseDecodeError     the answer violates the protocol
    ├── StreamTruncatedError    the bytes ended without the protocol's own end
    ├── StructuredOutputError
    └── EmbeddingError
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from .secrets import SecretFilter

if TYPE_CHECKING:
    from .message.responses import AttemptRecord, ChatResponse

__all__ = [
    "AuthenticationError",
    "CardError",
    "ContentFilterError",
    "ContextLengthError",
    "ConversationConflictError",
    "ConversationError",
    "ConversationNotFoundError",
    "EmbeddingError",
    "InvalidRequestError",
    "MediaError",
    "ModelConnectionError",
    "ModelError",
    "ModelTimeoutError",
    "ModelportError",
    "NotFoundError",
    "OverloadedError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitError",
    "ReplayMismatchError",
    "ResponseDecodeError",
    "ServerError",
    "SettingsError",
    "StreamTruncatedError",
    "StructuredOutputError",
    "UnsupportedFeatureError",
    "forget_frames",
    "hide_in_causes",
]


class ModelportError(Exception):
    """The root of all errors of this package."""


class SettingsError(ModelportError):
    """Settings, an environment variable or an installation extra is missing or wrong."""


class CardError(ModelportError):
    """A model card cannot be read; the message names the file, the field and the reason."""


class MediaError(ModelportError):
    """A media source cannot be loaded: not allowed, not found, too large or not reachable."""


class ReplayMismatchError(ModelportError):
    """A request has no recorded answer; the message shows how it differs from the nearest one."""


class ConversationError(ModelportError):
    """A stored conversation cannot be read or written; the message names it."""


class ConversationNotFoundError(ConversationError):
    """The store has no conversation with this id."""


class ConversationConflictError(ConversationError):
    """Another writer changed or removed the conversation after it was loaded; load it again, or save a `fork`."""


class ModelError(ModelportError):
    """A model call failed.

    Attributes:
        provider, model: which model was called.
        status_code: HTTP status of the answer, or `None` when there was none.
        code: the provider's own error code or type.
        request_id: the provider's id of the request, for its support.
        retryable: whether the same request may succeed later.
        retry_after: seconds the provider asked to wait.
        should_retry: the provider's explicit answer on retrying (`x-should-retry`), which outranks the status.
        body: the answer's text, cut short and scrubbed of secrets.
        attempts: one record per HTTP request of this call.
        partial: what a stream had delivered before it failed.
    """

    default_retryable = False

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
        body: str | None = None,
        partial: ChatResponse | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.model = model
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.retryable = self.default_retryable if retryable is None else retryable
        self.retry_after = retry_after
        self.should_retry = should_retry
        self.body = body
        self.partial = partial
        self.attempts: Sequence[AttemptRecord] = ()

    def scrub(self, secrets: Sequence[str]) -> None:
        """Replace these secrets in all that this error and its causes say, in any form: servers repeat keys."""
        hide = SecretFilter(secrets)
        if not hide:
            return
        self.message = hide(self.message)
        self.code, self.request_id, self.body = (
            hide(text) if text else text for text in (self.code, self.request_id, self.body)
        )
        hide_in_causes(self, hide)
        self.args = (self.message,)

    def __str__(self) -> str:
        where = "/".join(part for part in (self.provider, self.model) if part)
        facts = [f"HTTP {self.status_code}"] if self.status_code else []
        if self.code:
            facts.append(self.code)
        if self.request_id:
            facts.append(f"request {self.request_id}")
        prefix = f"[{where}] " if where else ""
        return prefix + self.message + (f" ({', '.join(facts)})" if facts else "")


_LONGEST_CHAIN = 100


def hide_in_causes(error: BaseException, hide: SecretFilter) -> None:
    """Replace secrets in what the errors say from which this one came, since a traceback shows them too.

    A cause that still shows a secret, because it composes its text elsewhere, is cut off.
    """
    for each in _family(error):
        each.args = tuple(hide.hide(argument) for argument in each.args)
        for name, value in vars(each).items():
            if isinstance(value, str | bytes):
                vars(each)[name] = hide.hide(value)
            elif isinstance(value, list):
                value[:] = map(hide.hide, value)  # notes
        if each is not error and hide(shown := f"{each} {each!r}") != shown:
            _cut_off(error, each)


def forget_frames(error: BaseException) -> None:
    """Drop the local variables of the functions that have ended with this error and with its causes.

    They hold headers with keys and what servers repeat of them, and error reporters print local variables.
    """
    for each in _family(error):
        trace = each.__traceback__
        while trace is not None:
            with suppress(RuntimeError):  # it has not ended
                trace.tb_frame.clear()
            trace = trace.tb_next


def _family(error: BaseException) -> list[BaseException]:
    """The error and all that it came from, each once."""
    found, seen, waiting = [], set(), [error]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            found.append(each)
            waiting += [cause for cause in (each.__cause__, each.__context__) if cause is not None]
    return found


def _cut_off(error: BaseException, shown: BaseException) -> None:
    """Take this cause, and what is behind it, out of the chain."""
    each: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if each is None:
            return
        if each.__cause__ is shown or each.__context__ is shown:
            each.__cause__ = each.__context__ = None
            return
        each = each.__cause__ or each.__context__


class AuthenticationError(ModelError):
    """The key is missing, wrong or expired."""


class PermissionDeniedError(ModelError):
    """The key is valid but has no permission for this model, region or feature."""


class NotFoundError(ModelError):
    """The model or the endpoint does not exist at this provider."""


class InvalidRequestError(ModelError):
    """The request is refused as it stands, by the provider or by us before sending."""


class ContextLengthError(InvalidRequestError):
    """Prompt and requested output do not fit the model's context window."""


class UnsupportedFeatureError(InvalidRequestError):
    """The provider does not support this, and there is no similar request to send instead."""


class ContentFilterError(ModelError):
    """The provider's content policy refused the prompt."""


class RateLimitError(ModelError):
    """Too many requests or tokens per period; `retry_after` is how long to wait, when known."""

    default_retryable = True


class QuotaExceededError(ModelError):
    """The account's quota or balance is used up; waiting does not help."""


class ServerError(ModelError):
    """The provider failed (5xx, or an error object that means the same)."""

    default_retryable = True


class OverloadedError(ServerError):
    """The provider is over capacity (503, 529 and their like)."""


class ModelTimeoutError(ModelError):
    """One of the four clocks ran out; `clock` is `connect`, `first_event`, `idle` or `total`."""

    default_retryable = True

    def __init__(self, message: str, *, clock: str = "total", **fields: object) -> None:
        super().__init__(message, **fields)  # type: ignore[arg-type]  # passed through to the typed base
        self.clock = clock


class ModelConnectionError(ModelError):
    """No connection could be made, or it broke."""

    default_retryable = True


class ResponseDecodeError(ModelError):
    """The answer violates the protocol: not JSON, an HTML page, an unexpected shape."""


class StreamTruncatedError(ModelError):
    """The stream ended without the protocol's own end; `partial` is what had arrived."""

    default_retryable = True


class StructuredOutputError(ModelError):
    """No valid object came within the retry budget; `raw_text` and `errors` are the last answer and all errors."""

    def __init__(
        self, message: str, *, raw_text: str | None = None, errors: Sequence[str] = (), **fields: object
    ) -> None:
        super().__init__(message, **fields)  # type: ignore[arg-type]  # passed through to the typed base
        self.raw_text = raw_text
        self.errors = tuple(errors)


class EmbeddingError(ModelError):
    """Some inputs have no vector; `missing_indices` lists their positions in the call's inputs."""

    def __init__(self, message: str, *, missing_indices: Sequence[int] = (), **fields: object) -> None:
        super().__init__(message, **fields)  # type: ignore[arg-type]  # passed through to the typed base
        self.missing_indices = tuple(missing_indices)


_BY_STATUS: dict[int, type[ModelError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: ServerError,
    409: ServerError,
    429: RateLimitError,
    503: OverloadedError,
    529: OverloadedError,
}


def error_for_status(status: int) -> type[ModelError]:
    """The error class for an HTTP status when nothing else is known."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ServerError if status >= 500 else InvalidRequestError
