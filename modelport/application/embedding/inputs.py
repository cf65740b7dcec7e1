"""The inputs of an embedding call, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...domain.embedding.packing import EmbeddingInput
from ...domain.errors import InvalidRequestError, ModelError, UnsupportedFeatureError
from ...domain.message.blocks import DataBlock, TextBlock

__all__ = ["checked_inputs"]


def checked_inputs(
    inputs: object,
    check_media: Callable[[DataBlock], str | None],
    empty_text_refused_by: str | None,
    refused: dict[int, ModelError] | None = None,
) -> list[EmbeddingInput]:
    """The inputs as texts and media.

    Args:
        check_media: why a data block cannot be sent, or `None`.
        empty_text_refused_by: the provider, where it refuses empty texts.
        refused: gets the errors of inputs that cannot be sent, by index; without it the first one is raised.

    Raises `InvalidRequestError` or `UnsupportedFeatureError` with the index of the input.
    """
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Sequence):
        raise InvalidRequestError(f"inputs is a {type(inputs).__name__}; pass a list of texts or DataBlocks")
    found: list[EmbeddingInput] = []
    for index, item in enumerate(inputs):
        item = item.text if isinstance(item, TextBlock) else item
        if not isinstance(item, str | DataBlock):
            raise InvalidRequestError(f"input {index} is a {type(item).__name__}; pass a str or a DataBlock")
        error = _refusal(index, item, check_media, empty_text_refused_by)
        if error is not None and refused is None:
            raise error
        if error is not None and refused is not None:
            refused[index] = error
        found.append(item)
    return found


def _refusal(
    index: int,
    item: EmbeddingInput,
    check_media: Callable[[DataBlock], str | None],
    empty_text_refused_by: str | None,
) -> ModelError | None:
    if isinstance(item, DataBlock):
        reason = check_media(item)
        return UnsupportedFeatureError(f"input {index}: {reason}") if reason else None
    if empty_text_refused_by is not None and not item.strip():
        return InvalidRequestError(f"input {index} is empty, which {empty_text_refused_by} refuses; leave it out")
    return None
