"""Models and credentials from their settings, with every mistake named by its key."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ..application.chat_model import ChatModelBase
from ..application.credential import CredentialBase
from ..application.formatter import FormatterBase
from ..domain.errors import SettingsError
from .registry import ProviderRegistry
from .settings import ChatSettings

__all__ = ["build_chat", "build_credential"]


def build_credential(
    name: str, fields: dict[str, Any] | None, registry: ProviderRegistry, environment: Mapping[str, str]
) -> CredentialBase:
    """A credential of the settings; without fields the provider of that name with nothing but defaults.

    A key that is not given is taken from the provider's usual environment variable.
    """
    given = dict(fields or {"provider": name})
    provider = registry.get(str(given.pop("provider", name)))
    cls = provider.credential_class()
    if provider.key_variable and provider.key_field not in given and environment.get(provider.key_variable):
        given[provider.key_field] = environment[provider.key_variable]
    missing = fields is None and "api_key" not in given and provider.key_variable and "api_key" in cls.model_fields
    if missing and cls.model_fields["api_key"].is_required():
        raise SettingsError(
            f"there is no credential for {name!r}; set {provider.key_variable}, or add it under `credentials`"
        )
    credential: CredentialBase = validated(cls, {"name": name, **given}, f"credentials.{name}")
    return credential


def build_chat(settings: ChatSettings, credential: CredentialBase) -> ChatModelBase:
    """A chat model of the settings."""
    cls = _chat_class(settings, credential)
    parameters = validated(cls.Parameters, settings.parameters, "parameters")
    options: dict[str, Any] = {  # Any: arguments of the model class
        "stream": settings.stream,
        "context_size": settings.context_size,
        "retry_policy": settings.retry.policy(),
        "timeouts": settings.timeouts.timeouts(),
        "card_checks": settings.card_checks,
        "on_unsupported": settings.on_unsupported,
    }
    model = cls(credential, settings.model, parameters, **options)
    if settings.formatter == "multi_agent":
        model.formatter = multi_agent(model.formatter)
    return model


def _chat_class(settings: ChatSettings, credential: CredentialBase) -> type[ChatModelBase]:
    classes = {cls.__name__: cls for cls in credential.get_chat_model_classes()}
    if settings.model_class is None:
        return credential.get_chat_model_class()
    if settings.model_class not in classes:
        raise SettingsError(f"model_class {settings.model_class!r} is none of {', '.join(classes)}")
    return classes[settings.model_class]


def multi_agent(formatter: FormatterBase) -> FormatterBase:
    """The multi-agent sibling of a chat formatter: the class of that name beside it, or one made for it."""
    cls = type(formatter)
    module = importlib.import_module(cls.__module__)
    name = cls.__name__.replace("ChatFormatter", "Formatter").replace("Formatter", "MultiAgentFormatter")
    sibling: type[FormatterBase] = getattr(module, name, None) or type(name, (cls,), {"multi_agent": True})
    return sibling()


def validated(cls: type[BaseModel], values: dict[str, Any], key: str) -> Any:  # Any: an instance of cls
    """An instance, or a `SettingsError` that names the key and the allowed ones."""
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join([key, *(str(part) for part in first["loc"])])
        allowed = ", ".join(cls.model_fields)
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"{where}: unknown key; allowed here: {allowed}") from None
        raise SettingsError(f"{where}: {first['msg']}") from None
