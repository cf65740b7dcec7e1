"""The contracts of a provider: one for each of its classes, with the cassettes that are theirs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from pydantic import SecretStr

from ...application.chat.model import ChatModelBase
from ...application.model.credential import CredentialBase
from ...application.model.formatter import FormatterBase
from ...composition.providers.registry import Provider
from ...domain.errors import SettingsError
from .chat.contract import ChatContract
from .core.contract import Contract
from .core.secrets import SECRET
from .embedding.contract import EmbeddingContract
from .formatter.contract import FormatterContract
from .model.model_contract import ModelContract
from .speech.contract import TTSContract
from .transcription.contract import STTContract

__all__ = ["contracts_of", "folders_of", "unrecorded"]

_OTHER_KINDS = ("_embedding", "_realtime", "_stt", "_tts")
"""Endings of folders whose cassettes are no chats, although some of them are answers of the same method."""

_PLACES = (Path("cassettes"), Path("fixtures/cassettes"), Path("tests/cassettes"))


def contracts_of(provider: Provider, cassettes: Path | None = None) -> list[type[Contract]]:
    """The contracts of all of the provider's classes; `SettingsError` when there are no cassettes."""
    folders = folders_of(provider, cassettes)
    credential = _credential(provider.credential_class())
    return [found for of_kind in _KINDS for found in of_kind(credential, folders)]


def unrecorded(contract: type[Contract]) -> str | None:
    """Why nothing of the contract can be checked on its cassettes; `None` where something can."""
    asked = contract.chat if issubclass(contract, FormatterContract) else contract
    return asked().unrecorded() if asked is not None and issubclass(asked, ModelContract) else None


def folders_of(provider: Provider, given: Path | None = None) -> list[Path]:
    """The folders of its cassettes: the given one, else that of the provider's entry, else a usual place from here.

    If a folder has subfolders named after the provider, they are used instead of it.
    """
    if given is None and provider.cassettes is not None:
        given = _path(str(provider.cassettes))
    places = [given] if given is not None else [place for place in _PLACES if _named(place, provider.name)]
    if not places or not places[0].exists():
        looked = given or " or ".join(f"{place}/{provider.name}" for place in _PLACES)
        raise SettingsError(f"no cassettes of {provider.name} in {looked}; name their folder with --cassettes")
    return _named(places[0], provider.name) or [places[0]]


def _named(folder: Path, name: str) -> list[Path]:
    """The folders in it of that name, and of that name with an ending, such as `openai_responses` or `openai_tts`."""
    return sorted([*folder.glob(name), *folder.glob(f"{name}_*")])


def _path(place: str) -> Path:
    """A path, or `package:folder` for a folder inside an installed package."""
    package, colon, folder = place.partition(":")
    return Path(str(files(package))) / folder if colon and not place.startswith((".", "/")) else Path(place)


def _credential(cls: type[CredentialBase]) -> CredentialBase:
    """A credential with a key that opens nothing, and defaults; a key that is optional is left out."""
    keys = [name for name, field in cls.model_fields.items() if field.annotation is SecretStr]
    url = cls.model_fields["base_url"].default if "base_url" in cls.model_fields else None
    parts = [part for part in re.findall(r"{(\w+)}", url if isinstance(url, str) else "")]
    missing = {part: "part" for part in parts if cls.model_fields[part].default is None}
    return cls(**dict.fromkeys(keys, SecretStr(SECRET)), **missing)


def _of_chat(credential: CredentialBase, folders: Sequence[Path]) -> Iterator[type[Contract]]:
    """Those of the chat classes and of their formatters."""
    folders = [folder for folder in folders if not folder.name.endswith(_OTHER_KINDS)] or folders
    for model in type(credential).get_chat_model_classes():
        attributes = {"model": model, "credential": credential, "cassettes": folders}
        chat = type(f"{model.__name__}Contract", (ChatContract,), attributes)
        yield chat
        for formatter in _formatters(model, credential):
            name = f"{formatter.__name__}Contract"
            yield type(name, (FormatterContract,), {"formatter": formatter, "chat": chat})


def _formatters(model: type[ChatModelBase], credential: CredentialBase) -> Sequence[type[FormatterBase]]:
    """The formatter that the class uses, and its subclasses in the same module."""
    built = model(credential, "any-model")
    own = type(getattr(built, "formatter", None))
    if not issubclass(own, FormatterBase):
        return []
    others = (each for each in vars(sys.modules[own.__module__]).values() if isinstance(each, type) and each is not own)
    return [own, *(each for each in others if issubclass(each, own) and not each.__name__.startswith("_"))]


def _of_embedding(credential: CredentialBase, folders: Sequence[Path]) -> Iterator[type[Contract]]:
    """That of the embedding class."""
    model = type(credential).get_embedding_model_class()
    if model is not None:
        attributes = {"model": model, "credential": credential, "cassettes": folders}
        yield type(f"{model.__name__}Contract", (EmbeddingContract,), attributes)


def _of_speech(credential: CredentialBase, folders: Sequence[Path]) -> Iterator[type[Contract]]:
    """Those of the speech classes. Conversations may also be in a folder `websocket` next to that of all cassettes."""
    places = {folder.absolute().parent.with_name("websocket") for folder in folders if folder.absolute().parent.name}
    more = [each for place in sorted(places) for each in _named(place, type(credential).provider_name())]
    for model in type(credential).get_tts_model_classes():
        attributes = {"model": model, "credential": credential, "cassettes": [*_of_kind(folders, "_tts"), *more]}
        yield type(f"{model.__name__}Contract", (TTSContract,), attributes)


def _of_transcription(credential: CredentialBase, folders: Sequence[Path]) -> Iterator[type[Contract]]:
    """Those of the speech-to-text classes."""
    for model in type(credential).get_stt_model_classes():
        attributes = {"model": model, "credential": credential, "cassettes": _of_kind(folders, "_stt")}
        yield type(f"{model.__name__}Contract", (STTContract,), attributes)


def _of_kind(folders: Sequence[Path], ending: str) -> Sequence[Path]:
    """The folders for one kind of model alone, where there are any: other kinds may be answered by the same method."""
    return [folder for folder in folders if folder.name.endswith(ending)] or folders


_KINDS: tuple[Callable[[CredentialBase, Sequence[Path]], Iterable[type[Contract]]], ...] = (
    _of_chat,
    _of_embedding,
    _of_speech,
    _of_transcription,
)
"""What makes the contracts of one kind of model."""
