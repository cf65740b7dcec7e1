"""Builds credentials, models, caches and rate limiters from their settings; `SettingsError` names a wrong key."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..adapters.rate_limit.unlimited import Unlimited
from ..domain.errors import SettingsError
from .settings import revealed
from .validation import validated

if TYPE_CHECKING:
    from ..application.chat.model import ChatModelBase
    from ..application.embedding.cache import EmbeddingCacheBase
    from ..application.embedding.model import EmbeddingModelBase
    from ..application.model.credential import CredentialBase
    from ..application.model.formatter import FormatterBase
    from ..application.realtime.model import RealtimeModelBase
    from ..application.speech.model import TTSModelBase
    from ..application.transcription.model import STTModelBase
    from ..ports.cards import CardSource
    from ..ports.clock import Clock
    from ..ports.conversations import ConversationStore
    from ..ports.rate_limiter import RateLimiter
    from .providers.registry import ProviderRegistry
    from .settings import (
        CacheSettings,
        ChatSettings,
        ConversationSettings,
        EmbeddingSettings,
        ModelSettings,
        RateLimitSettings,
        RealtimeSettings,
        STTSettings,
        TTSSettings,
    )

__all__ = [
    "build_cache",
    "build_chat",
    "build_conversation_store",
    "build_credential",
    "build_embedding",
    "build_rate_limiter",
    "build_realtime",
    "build_stt",
    "build_tts",
]


def build_credential(
    name: str, fields: dict[str, Any] | None, registry: ProviderRegistry, environment: Mapping[str, str]
) -> CredentialBase:
    """A credential from its fields in the settings; without fields, the default one of the provider `name`.

    A key that the fields leave out is taken from the provider's usual environment variable.
    """
    given = revealed(dict(fields or {"provider": name}))
    provider = registry.get(str(given.pop("provider", name)))
    cls = provider.credential_class()
    if provider.key_variable and provider.key_field not in given and environment.get(provider.key_variable):
        given[provider.key_field] = environment[provider.key_variable]
    for field, variable in _variables(cls).items():
        if field not in given and environment.get(variable):
            given[field] = environment[variable]
    missing = fields is None and "api_key" not in given and provider.key_variable and "api_key" in cls.model_fields
    if missing and cls.model_fields["api_key"].is_required():
        raise SettingsError(
            f"there is no credential for {name!r}; set {provider.key_variable}, or add one under `credentials`"
        )
    credential: CredentialBase = validated(cls, {"name": name, **given}, f"credentials.{name}")
    return credential


def _variables(credential: type[CredentialBase]) -> dict[str, str]:
    """The usual environment variables of further fields of a credential, such as a region."""
    fields = getattr(credential, "extra_fields", {})
    return {name: field.variable for name, field in fields.items() if field.variable}


def build_chat(settings: ChatSettings, credential: CredentialBase) -> ChatModelBase:
    """A chat model from its settings."""
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
    if settings.settings or settings.extra_body or settings.extra_headers:
        # a class of the application's may not know these arguments
        options |= {
            "settings": settings.settings,
            "extra_body": revealed(settings.extra_body),
            "extra_headers": {name: value.get_secret_value() for name, value in settings.extra_headers.items()},
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
        raise SettingsError(f"model_class: expected one of {', '.join(classes)}, got {settings.model_class!r}")
    return classes[settings.model_class]


def multi_agent(formatter: FormatterBase) -> FormatterBase:
    """The multi-agent variant of a chat formatter: the class of that name in its module, or a new subclass."""
    cls = type(formatter)
    module = importlib.import_module(cls.__module__)
    name = cls.__name__.replace("ChatFormatter", "Formatter").replace("Formatter", "MultiAgentFormatter")
    sibling: type[FormatterBase] = getattr(module, name, None) or type(name, (cls,), {"multi_agent": True})
    return sibling()


def _strictness(settings: ModelSettings) -> dict[str, Any]:  # Any: an argument of the model class
    """`on_unsupported` where it is set; a class of the application's may not know the argument."""
    return {} if settings.on_unsupported == "warn" else {"on_unsupported": settings.on_unsupported}


def build_embedding(
    settings: EmbeddingSettings, credential: CredentialBase, cache: EmbeddingCacheBase | None
) -> EmbeddingModelBase[Any]:  # Any: an input's type
    """An embedding model from its settings."""
    cls = credential.get_embedding_model_class()
    if cls is None:
        raise SettingsError(f"the provider {credential.provider_name()!r} has no embedding models")
    options: dict[str, Any] = {  # Any: arguments of the model class
        "context_size": settings.context_size,
        "batch_size": settings.batch_size,
        "embedding_cache": cache if settings.cache else None,
        "retry_policy": settings.retry.policy(),
        "timeouts": settings.timeouts.timeouts(),
        "card_checks": settings.card_checks,
    }
    options |= _strictness(settings)
    if settings.concurrency:
        options["concurrency"] = settings.concurrency
    if settings.on_error != "raise":  # a class of the application's may not know the argument
        options["on_error"] = settings.on_error
    model: EmbeddingModelBase[Any] = cls(
        credential, settings.model, validated(cls.Parameters, settings.parameters, "parameters"), **options
    )
    return model


def build_cache(settings: CacheSettings) -> EmbeddingCacheBase | None:
    """The cache that the settings name, `None` for none; it opens nothing before its first use."""
    memory: dict[str, float] = {} if settings.memory_mb is None else {"memory_mb": settings.memory_mb}
    most, size = settings.max_entries, settings.max_size_mb
    if settings.adapter == "file":
        from ..adapters.cache.file import FileEmbeddingCache

        return FileEmbeddingCache(settings.path, most, size, **memory)
    if settings.adapter == "sql":
        from ..adapters.cache.sql import SQLEmbeddingCache

        return SQLEmbeddingCache(settings.url.get_secret_value(), max_entries=most, max_size_mb=size, **memory)
    return None


def build_rate_limiter(settings: RateLimitSettings, clock: Clock) -> RateLimiter:
    """The rate limiter that the settings name."""
    if settings.adapter == "none" and not settings.limits:
        return Unlimited()
    from ..adapters.rate_limit.limits import RateLimit

    limits = {name: RateLimit(**entry.model_dump()) for name, entry in settings.limits.items()}
    if settings.adapter == "in_process":
        from ..adapters.rate_limit.in_process import InProcessRateLimiter

        return InProcessRateLimiter(limits, clock)
    if settings.adapter == "sql":
        from ..adapters.rate_limit.sql import SQLRateLimiter

        if not settings.url:
            raise SettingsError("rate_limits.url: is missing; the adapter 'sql' needs the URL of the shared database")
        return SQLRateLimiter(settings.url.get_secret_value(), limits, clock)
    raise SettingsError("rate_limits.adapter: expected in_process or sql, since there are limits, got none")


def build_conversation_store(settings: ConversationSettings) -> ConversationStore:
    """The store of conversations; it opens nothing before its first use."""
    from ..adapters.conversations.sql import SQLConversationStore

    return SQLConversationStore(settings.url.get_secret_value() if settings.url else None)


def build_tts(settings: TTSSettings, credential: CredentialBase, cards: CardSource) -> TTSModelBase:
    """A speech model from its settings."""
    cls = _class_with_card(settings, credential, credential.get_tts_model_classes(), cards, "speech models")
    model: TTSModelBase = cls(
        credential,
        settings.model,
        validated(cls.Parameters, settings.parameters, "parameters"),
        stream=settings.stream,
        retry_policy=settings.retry.policy(),
        timeouts=settings.timeouts.timeouts(),
        card_checks=settings.card_checks,
        **_strictness(settings),
    )
    return model


def build_stt(settings: STTSettings, credential: CredentialBase, cards: CardSource) -> STTModelBase:
    """A speech-to-text model from its settings."""
    cls = _class_with_card(settings, credential, credential.get_stt_model_classes(), cards, "speech-to-text models")
    model: STTModelBase = cls(
        credential,
        settings.model,
        validated(cls.Parameters, settings.parameters, "parameters"),
        stream=settings.stream,
        retry_policy=settings.retry.policy(),
        timeouts=settings.timeouts.timeouts(),
        card_checks=settings.card_checks,
        **_strictness(settings),
    )
    return model


def build_realtime(settings: RealtimeSettings, credential: CredentialBase, cards: CardSource) -> RealtimeModelBase:
    """A model of voice conversations from its settings."""
    cls: type[RealtimeModelBase] = _class_with_card(
        settings, credential, credential.get_realtime_model_classes(), cards, "models for voice conversations"
    )
    return cls(
        credential,
        settings.model,
        validated(cls.Parameters, settings.parameters, "parameters"),
        retry_policy=settings.retry.policy(),
        timeouts=settings.timeouts.timeouts(),
        card_checks=settings.card_checks,
        **_strictness(settings),
        reconnect=settings.reconnect,
    )


def _class_with_card(
    settings: TTSSettings | STTSettings | RealtimeSettings,
    credential: CredentialBase,
    classes: list[type[Any]],  # Any: model classes of one kind
    cards: CardSource,
    kind: str,
) -> type[Any]:
    """The class that `model_class` names, else the one that has a card for the model, else the credential's first."""
    if not classes:
        raise SettingsError(f"the provider {credential.provider_name()!r} has no {kind}")
    if settings.model_class is None:
        from ..application.model.cards import find_card

        with_card = (cls for cls in classes if find_card(cards, cls, settings.model, cls._card_query()))
        return next(with_card, classes[0])
    named = {cls.__name__: cls for cls in classes}
    if settings.model_class not in named:
        raise SettingsError(f"model_class: expected one of {', '.join(named)}, got {settings.model_class!r}")
    return named[settings.model_class]
