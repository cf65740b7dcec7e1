"""What a refused batch says of its inputs: there were too many of them, or one of them may be at fault.

Facts: docs/protocols/openai-embedding.md#limits, docs/protocols/dashscope-embedding.md#models,
docs/protocols/gemini.md#embeddings, docs/protocols/ollama.md#embeddings.
"""

from __future__ import annotations

import re

from ..errors import InvalidRequestError, ModelError, OverloadedError, ResponseDecodeError, ServerError

__all__ = ["BatchLimit", "counts_inputs", "may_be_one_input", "stated_limit", "too_large"]

_COUNTED = re.compile(
    r"batch.?size|too many (?:inputs?|texts?|items|elements|requests|documents)|requests can be in one batch"
    r"|(?:number|count|amount) of (?:inputs?|texts?|items|elements|documents)|inputs? (?:array|list)"
    r"|array (?:is )?too long|array with maximum length|list should have at most|数组",
    re.I,
)
_TOO_LARGE = re.compile(
    r"max_tokens_per_request|maximum (?:request size|context length)|inputs? (?:array|list)? ?(?:is )?too", re.I
)
_STATED = re.compile(
    r"(?:(?:max|exceed|limit)[^\W\d]{0,30}+|at most|(?:larger|greater|longer|more) than|up to|between 1 and|allowed|<=?"
    r"|不得超过|不能超过|最大)[^\d.]{0,40}?(\d+)|\[1, ?(\d+)\]",
    re.I,
)
_OTHER_FIELD = re.compile(
    r"dimension|encoding_format|task_?type|text_type|output_type|instruct\b|api.?version"
    r"|(?:unknown|unsupported|unrecognized|unexpected|invalid) (?:name|field|argument|parameter)"
    r"|model\b.{0,60}\b(?:not|unknown|invalid|does)",
    re.I,
)
_OF_INPUT = re.compile(
    r"input|texts?\b|token|long|length|context|contents?\b|character|empty|blank|string|\bnan\b|batch|document"
    r"|sequence|prompt|too (?:large|big|many)|\bsize\b",
    re.I,
)
_NOT_MATCHED = re.compile(
    r"vectors for \d+ inputs|no list of vectors|indices of the answer|expected an EmbeddingResponse"
)
"""Answers whose vectors cannot be matched to the inputs at all."""
_UNANSWERED = frozenset({None, 200, 500})
"""Statuses of a server that failed on its own, and not a gateway before it."""


def counts_inputs(error: ModelError) -> bool:
    """Whether the error says that the batch had too many inputs."""
    return isinstance(error, InvalidRequestError) and _COUNTED.search(_words(error)) is not None


def too_large(error: ModelError) -> bool:
    """Whether the batch was refused as a whole for its size, so that its parts may be accepted."""
    if error.status_code == 413 or counts_inputs(error):
        return True
    return isinstance(error, InvalidRequestError) and _TOO_LARGE.search(_words(error)) is not None


def stated_limit(error: ModelError, sent: int) -> int | None:
    """The most inputs of one request by the words of an error that counts them; `None` where they do not say it."""
    if not counts_inputs(error):
        return None
    numbers = [int(first or second) for first, second in _STATED.findall(error.message[:2000])]
    return min((number for number in numbers if 0 < number < sent), default=None)


def may_be_one_input(error: ModelError) -> bool:
    """Whether one input of the batch may be the reason: a refusal that speaks of inputs, a failed computation."""
    if isinstance(error, InvalidRequestError):
        return error.status_code == 413 or _OF_INPUT.search(_OTHER_FIELD.sub("", error.message)) is not None
    if isinstance(error, ResponseDecodeError):
        return _NOT_MATCHED.search(error.message) is None
    return (
        isinstance(error, ServerError) and not isinstance(error, OverloadedError) and error.status_code in _UNANSWERED
    )


class BatchLimit:
    """The most inputs of one request that a server accepts, found out from what it accepts and refuses.

    Between the largest batch accepted and the smallest one refused it proposes the middle, so that the limit is known
    after about twice the logarithm of the first batch.
    """

    def __init__(self) -> None:
        self._accepted = 0
        self._refused: int | None = None

    @property
    def searching(self) -> bool:
        """Whether a batch between the two bounds has yet to be tried."""
        return self._refused is not None and self._refused - self._accepted > 1

    @property
    def known(self) -> int | None:
        """The most inputs of one request, once it is found out that a server takes fewer than it was sent."""
        return None if self._refused is None or self.searching else max(1, self._accepted)

    def most(self, wanted: int) -> int:
        """The size of the next batch, at most `wanted`."""
        if self._refused is None or wanted < self._refused:
            return wanted
        return min(wanted, max(1, (self._accepted + self._refused) // 2))

    def accepted(self, size: int) -> None:
        """The server answered a batch of this size."""
        self._accepted = max(self._accepted, size)
        if self._refused is not None and self._refused <= size:
            self._refused = None  # it refused something else than the size

    def refused(self, size: int, stated: int | None = None) -> None:
        """The server refused a batch for having so many inputs; `stated` is the limit that it names."""
        if stated is not None:
            self._accepted, self._refused = stated, stated + 1
            return
        self._refused = size if self._refused is None else min(self._refused, size)
        self._accepted = min(self._accepted, self._refused - 1)


def _words(error: ModelError) -> str:
    return f"{error.code or ''} {error.message}"
