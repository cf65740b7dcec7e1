"""The requests of one embedding call: several at once, and smaller ones where the server refuses a batch.

The unit of failure is the input. A refused batch is halved until the inputs at fault are alone; the others get their
vectors. A batch that has too many inputs for the server is cut to what it accepts, which the model remembers; once that
is known, all inputs that are left are packed anew, so that the rests of batches do not become requests of their own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ...domain.embedding.refusals import BatchLimit, counts_inputs, may_be_one_input, stated_limit
from ...domain.errors import InvalidRequestError, ModelError

__all__ = ["Piece", "Schedule"]

_FURTHER_REFUSALS, _FURTHER_FAILURES = 3, 1
"""How many batches in a row, after those that isolate one input, may be refused or fail."""


@dataclass(slots=True)
class _Split:
    """A batch that was halved. When both halves are answered, its size was the reason."""

    size: int
    of_size: bool
    halves_answered: int = 0


@dataclass(slots=True)
class Piece:
    """Inputs of one request, by index. `last_try`: a failure of the server was retried with a larger batch already."""

    indices: Sequence[int]
    last_try: bool = False
    split: _Split | None = None


class Schedule:
    """Makes the requests for batches of inputs.

    Args:
        indices: of the inputs.
        pack: divides indices into requests of at most so many inputs (`None`: as many as the model takes).
        concurrency: the most requests at once.
        limit: what is known of the server's largest batch.
        splits_after: whether smaller requests may be accepted after this error.
        embed: makes the request for a piece and keeps its vectors.

    Attributes:
        refused: the errors of the inputs that were refused alone, by index.
    """

    def __init__(
        self,
        indices: Sequence[int],
        pack: Callable[[Sequence[int], int | None], Sequence[Sequence[int]]],
        concurrency: int,
        limit: BatchLimit,
        splits_after: Callable[[ModelError], bool],
        embed: Callable[[Piece], Awaitable[None]],
    ) -> None:
        self.refused: dict[int, ModelError] = {}
        self._pack = pack
        self._packed_for = limit.known
        batches = pack(indices, limit.known)
        self._pending = deque(map(Piece, batches))
        self._concurrency = concurrency
        self._limit = limit
        self._splits_after = splits_after
        self._embed = embed
        self._halvings = max(map(len, batches), default=1).bit_length()
        self._failures = 0  # since the last answer
        self._half_answered = False
        self._workers = 0

    async def run(self) -> None:
        """Make all requests. Raises an error that is not due to single inputs, after cancelling the others."""
        while self._pending:
            if self._one_by_one or min(self._concurrency, len(self._pending)) <= 1:
                await self._next()
            else:
                await self._side_by_side()

    @property
    def _one_by_one(self) -> bool:
        """Whether the next answer decides what is sent: after a failure, and until the server's limit is known."""
        return self._failures > 0 or self._half_answered or self._limit.searching

    async def _side_by_side(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, len(self._pending))):
                    self._workers += 1
                    group.create_task(self._work())
        except BaseExceptionGroup as failures:  # the group has cancelled the others, and waited for them
            raise failures.exceptions[0] from None
        if self._workers:
            raise asyncio.CancelledError  # a request cancelled itself, which a task group takes for the end of its task

    async def _work(self) -> None:
        while self._pending and not self._one_by_one:
            await self._next()
        self._workers -= 1

    async def _next(self) -> None:
        piece, before = self._take(), self._failures
        try:
            await self._embed(piece)
        except ModelError as error:
            # Refusals of requests that were in flight together are one refusal, however many there were.
            together = isinstance(error, InvalidRequestError) and before == 0
            self._failures = max(self._failures, 1) if together else self._failures + 1
            self._failed(piece, error)
        else:
            self._answered(piece)

    def _take(self) -> Piece:
        """The next piece, cut to what the server accepts."""
        if self._packed_for != self._limit.known:
            self._repack()
        piece = self._pending.popleft()
        most = self._limit.most(len(piece.indices))
        if most == len(piece.indices):
            return piece
        self._pending.appendleft(Piece(piece.indices[most:], piece.last_try))
        return Piece(piece.indices[:most], piece.last_try)

    def _repack(self) -> None:
        """Divide what is left into requests of the size that the server accepts, except parts that hold a bad input."""
        most = self._packed_for = self._limit.known
        if most is None:
            return
        kept = [piece for piece in self._pending if piece.last_try or (piece.split and len(piece.indices) <= most)]
        left = sorted(
            {index for piece in self._pending for index in piece.indices}
            - {index for piece in kept for index in piece.indices}
        )
        self._pending = deque([*kept, *map(Piece, self._pack(left, most))])

    def _answered(self, piece: Piece) -> None:
        self._failures = 0
        size, split = len(piece.indices), piece.split
        self._half_answered = split is not None and split.of_size and not split.halves_answered
        if split is not None:
            split.halves_answered += 1
            if split.of_size and split.halves_answered == 2:
                self._limit.refused(split.size)
        self._limit.accepted(size)

    def _failed(self, piece: Piece, error: ModelError) -> None:
        """Plan smaller requests; raises the error where they cannot help."""
        self._half_answered = False
        if not error.attempts or not (self._splits_after(error) or may_be_one_input(error)) or self._given_up(error):
            raise error
        size = len(piece.indices)
        if size == 1:
            self.refused[piece.indices[0]] = error
        elif counts_inputs(error):
            self._limit.refused(size, stated_limit(error, size))
            self._pending.appendleft(Piece(piece.indices, piece.last_try))
            self._packed_for = None  # so that this piece is packed with the others
        else:
            self._halve(piece, error)

    def _halve(self, piece: Piece, error: ModelError) -> None:
        size, refused = len(piece.indices), isinstance(error, InvalidRequestError)
        split = _Split(size, of_size=refused and not self._splits_after(error))
        last_try = piece.last_try or not refused
        half = size // 2
        self._pending.appendleft(Piece(piece.indices[half:], last_try, split))
        self._pending.appendleft(Piece(piece.indices[:half], last_try, split))

    def _given_up(self, error: ModelError) -> bool:
        """Whether so much was refused in a row that the inputs are not the reason."""
        more = _FURTHER_REFUSALS if isinstance(error, InvalidRequestError) else _FURTHER_FAILURES
        return self._failures > self._halvings + more
