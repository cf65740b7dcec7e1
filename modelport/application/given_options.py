"""What callers give to a model by hand: refused at once when it cannot be meant, not at the first call."""

from __future__ import annotations

from ..domain.errors import InvalidRequestError

__all__ = ["check_credential", "check_name", "check_type", "check_word"]


def check_credential(credential: object, provider: str) -> None:
    """A credential names the provider, unless the class does and needs none."""
    if not hasattr(credential, "provider_name") and not (credential is None and provider):
        raise InvalidRequestError(
            f"credential is a {type(credential).__name__}; pass the provider's, e.g. OpenAICredential(api_key=…)"
        )


def check_name(model: object) -> None:
    """A model has a name."""
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequestError(f"model is {model!r}; give the name of the model, as the provider knows it")


def check_type(option: str, given: object, wanted: type) -> None:
    """An option of one type, or none."""
    if given is not None and not isinstance(given, wanted):
        raise InvalidRequestError(f"{option} is a {type(given).__name__}; pass {wanted.__name__}(…)")


def check_word(option: str, given: object, words: tuple[str, ...]) -> None:
    """An option that is one of a few words."""
    if given not in words:
        raise InvalidRequestError(f"{option} is {given!r}; use {' or '.join(map(repr, words))}")
