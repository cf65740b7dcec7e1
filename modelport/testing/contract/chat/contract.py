"""The contract of a chat model: one class and a folder of cassettes.

class TestMine(ChatContract):
    model = MyChatModel
    credential = MyCredential(api_key="test")
    cassettes = Path(__file__).parent / "cassettes"
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from ....application.chat.model import ChatModelBase
from ....composition.defaults import build_runtime
from ....ports.http import HttpTransport
from ....ports.runtime import default_runtime
from ...clock import VirtualClock
from ..core.case import Case
from ..core.class_checks import check_model
from ..core.contract import Contract
from ..core.mutated_transport import CassetteMutant, MutantAnswer, StillMedia
from ..core.recordings import Taped, load
from ..model import (
    cards as chat_cards,
)
from ..model import (
    chat_clocks,
)
from ..model import (
    concurrency as chat_sharing,
)
from ..model import (
    errors as chat_refusals,
)
from ..model import (
    sockets as chat_sockets,
)
from ..model.secrets import with_known_secrets
from . import (
    bodies as chat_bodies,
)
from . import (
    cancellation as chat_cancel,
)
from . import (
    history as chat_history,
)
from . import (
    streams as chat_streams,
)
from . import (
    streams as chat_text,
)
from . import (
    structured as chat_structured,
)
from . import (
    structured as chat_structured_cards,
)
from . import (
    token_counting as chat_counting,
)
from . import (
    truncation as chat_cuts,
)
from .collect import Told, hear, told
from .endpoint import endings_of

__all__ = ["ChatContract"]

_ERROR = "error"


class ChatContract(Contract):
    """What every chat model does, whatever its server, its network or its caller do.

    Attributes:
        model: the class.
        credential: one that it takes; its keys are replaced by known ones.
        cassettes: the folder of cassettes, or several. Those of other endpoints in it are passed over.
        model_name: the model to ask where a cassette names none; by default the first of the cards.
        limit: how many mutations of one kind are made of one cassette at most.
        patience: seconds of real time to wait for what should happen at once.
        error_event: a frame of a stream that tells of an error, with its terminator; by default the last one of a
            streamed cassette named `error…`, else the JSON object that most providers send.
    """

    model: ClassVar[type[ChatModelBase]]
    credential: ClassVar[Any]  # Any: the model's own kind
    cassettes: ClassVar[Path | str | Sequence[Path | str]]
    model_name: ClassVar[str | None] = None
    limit: ClassVar[int] = 200
    patience: ClassVar[float] = 5.0
    error_event: ClassVar[bytes | None] = None

    cases: ClassVar[tuple[Case[Any], ...]] = (
        *chat_streams.CASES,
        *chat_text.CASES,
        *chat_bodies.CASES,
        *chat_cuts.CASES,
        *chat_refusals.CASES,
        *chat_clocks.CASES,
        *chat_cancel.CASES,
        *chat_sockets.CASES,
        *chat_sharing.CASES,
        *chat_history.CASES,
        *chat_cards.CASES,
        *chat_structured.CASES,
        *chat_structured_cards.CASES,
        *chat_counting.CASES,
    )

    @property
    def subject(self) -> str:
        """The class's name."""
        return self.model.__name__

    def check_declared(self) -> None:
        """Raise `TypeError` unless model, credential and cassettes are there."""
        check_model(self, ChatModelBase)

    def tapes(self) -> list[Taped]:
        """The answers of the class's own endpoint on the cassettes; `AssertionError` when there are none."""
        endings, loaded = endings_of(type(self)), self.all_tapes()
        found = [tape for tape in loaded if not endings or tape.ending in endings]
        if not found:
            known = ", ".join(sorted({tape.interaction.asked.path for tape in loaded})) or "nothing"
            raise AssertionError(f"no cassette is of the endpoint …/{' or …/'.join(sorted(endings))}; there is {known}")
        return found

    def all_tapes(self) -> list[Taped]:
        """Every answer on the cassettes, whatever the endpoint."""
        folders = [self.cassettes] if isinstance(self.cassettes, str | Path) else self.cassettes
        return [tape for folder in folders for tape in load(Path(folder))]

    def streams(self) -> list[Taped]:
        """The good answers that are streams."""
        tapes = (tape for tape in self.tapes() if tape.streamed and len(tape.frames) > 1)
        return [tape for tape in tapes if not tape.name.startswith(_ERROR)]

    def broken_streams(self) -> list[Taped]:
        """The streams whose last event is an error: those on cassettes named `error…`."""
        return [tape for tape in self.tapes() if tape.streamed and tape.name.startswith(_ERROR)]

    def bodies(self) -> list[Taped]:
        """The good answers in one piece."""
        return [tape for tape in self.tapes() if tape.succeeded and not tape.streamed]

    def refusals(self) -> list[Taped]:
        """The answers that are errors."""
        return [tape for tape in self.tapes() if not tape.succeeded]

    def build(
        self, transport: HttpTransport, name: str | None = None, clock: VirtualClock | None = None, **options: Any
    ) -> ChatModelBase:
        """The model on this transport, on a clock that does not wait (Any: options of the model)."""
        runtime = dataclasses.replace(
            build_runtime(transport),
            clock=clock or VirtualClock(skip_sleeps=True),
            media_loader=StillMedia(),
            cards=default_runtime().cards,  # which has read them before
        )
        return self.model(with_known_secrets(self.credential), name or self.default_model(), runtime=runtime, **options)

    def play(self, tape: Taped, *answers: MutantAnswer, **options: Any) -> tuple[ChatModelBase, CassetteMutant]:
        """The model that the cassette was asked of, and the transport that gives it these answers."""
        mutant = CassetteMutant(*answers)
        options.setdefault("stream", True)
        return self.build(mutant, tape.model, **options), mutant

    async def expected(self, tape: Taped) -> Told:
        """What the unchanged answer says."""
        model, _ = self.play(tape, tape.answer(), stream=tape.streamed)
        return told((await hear(model)).whole(), tape.body)

    def default_model(self) -> str:
        """The model to ask where nothing names one."""
        if self.model_name is not None:
            return self.model_name
        names = [card.name for card in self.model.list_models() if card.status == "active"]
        taped = [tape.model for tape in self.all_tapes() if tape.model and tape.succeeded]
        return next((name for name in taped if name in names), None) or next(iter([*taped, *names]), "any-model")
