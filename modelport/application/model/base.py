"""What all model templates share: identity, driven ports, retry policy, timeouts, and closing."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Type, TypeVar

from pydantic import BaseModel, SecretStr

from ...domain.errors import InvalidRequestError
from ...domain.retry import RetryPolicy, Timeouts
from ...ports.runtime import Runtime, default_runtime
from ..call.arguments import check_credential, check_name, check_type, check_word
from ..call.spec import CallSpec
from .checked import Checked, checked
from .construction import Constructed
from .copying import Copied
from .credential import CredentialBase, KeyedCredential, Service
from .described import Described

if TYPE_CHECKING:
    from ...domain.card.cards import BaseCard
    from ...domain.message.responses import ModelWarning
    from ...ports.codec.base import Endpoint
    from ...ports.http import HttpTransport

__all__ = ["ModelBase", "retry_policy_of"]
C = TypeVar("C", bound=CredentialBase)
_CONSTANT = frozenset({str, SecretStr, type(None)})
"""The types of fields that stay what they are until they are set."""


class NoParameters(Described):
    """A model without parameters."""


class _OfTheCredential:
    """The provider of a model whose class serves several: empty for the class, the credential's for a model."""

    def __get__(self, instance: ModelBase | None, owner: type[ModelBase]) -> str:
        return "" if instance is None else instance.provider_name


class ModelBase(Constructed, Copied):
    """A model: a credential, a name, parameters, and what its calls run on."""

    Parameters: ClassVar[Type[BaseModel]] = NoParameters
    provider: ClassVar[str] = _OfTheCredential()  # type: ignore[assignment]  # a text, as for classes with a provider
    _shared = ("_runtime", "_transport", "embedding_cache")
    _kept_endpoint: tuple[type, str, dict[str, Any], Endpoint] | None = None  # Any: fields of the credential
    """The last endpoint with what it was made of, where it follows from the credential's fields alone."""
    _checked: Checked | None = None
    """The parameters as they were checked last."""
    takes_any_key: ClassVar[bool] = True
    """Whether a `KeyedCredential` of another provider is accepted; not where URLs follow from the provider's own."""

    def __init__(
        self,
        credential: CredentialBase,
        model: str,
        parameters: Any,  # Any: the subclass's Parameters
        retry_policy: RetryPolicy,
        timeouts: Timeouts | None,
        transport: HttpTransport | None,
        runtime: Runtime | None,
        card_checks: Literal["on", "off"],
        on_unsupported: Literal["warn", "error"] = "warn",
    ) -> None:
        check_credential(credential, type(self).provider)
        check_name(model)
        check_type("timeouts", timeouts, Timeouts)
        check_type("retry_policy", retry_policy, RetryPolicy)
        check_word("card_checks", card_checks, ("on", "off"))
        check_word("on_unsupported", on_unsupported, ("warn", "error"))
        self.credential = credential
        self.model = self._known_name(model)
        self.parameters = self._checked_parameters(parameters)
        self.retry_policy = retry_policy
        self.timeouts = timeouts or Timeouts()
        self.card_checks = card_checks
        self.on_unsupported = on_unsupported
        self._runtime = runtime
        self._transport = transport

    def __repr__(self) -> str:
        """One line: the model, its provider, and what was set; credentials are left out."""
        given = self.parameters.model_dump(exclude_unset=True)
        own = [f"{name}={getattr(self, name)!r}" for name in ("stream",) if hasattr(self, name)]
        parts = [repr(self.model), f"provider={self.provider_name!r}", *own, *(f"{k}={v!r}" for k, v in given.items())]
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def max_retries(self) -> int:
        """How often a failed request may be sent again."""
        return self.retry_policy.max_retries

    @property
    def provider_name(self) -> str:
        """The provider's name in responses, errors and owned data."""
        return type(self).provider or self.credential.provider_name()

    @property
    def runtime(self) -> Runtime:
        """The driven ports this model runs on."""
        runtime = self._runtime or default_runtime()
        return runtime if self._transport is None else runtime.over(self._transport)

    def _spec(self, *, stream: bool = False) -> CallSpec:
        """What an engine needs to know of this model for one call."""
        return CallSpec(
            provider=self.provider_name,
            model=self.model,
            stream=stream,
            runtime=self.runtime,
            timeouts=self.timeouts,
            retry=self.retry_policy,
            retryable=self._get_retryable_exceptions(),
        )

    def _values(self, card: BaseCard, parameters: Any = None) -> tuple[dict[str, Any], list[ModelWarning]]:
        """The parameters to send by our names (Any: each has its own type), and what the caller should know."""
        self._checked = known = checked(self._checked, parameters or self.parameters, card, self.card_checks)
        return known.values.copy(), self._noted(known.warnings)

    def _noted(self, warnings: list[ModelWarning]) -> list[ModelWarning]:
        """The warnings, logged once; with `on_unsupported="error"` raises `UnsupportedFeatureError` for the first."""
        if warnings:
            from ..call.warning_log import log_once, refuse

            if self.on_unsupported == "error":
                refuse(warnings)
            log_once(self.provider_name, self.model, warnings)
        return warnings

    def attach(self, runtime: Runtime) -> None:
        """Run on this bundle from now on; a hub does it so that its models share one connection pool."""
        self._runtime = runtime

    @classmethod
    def _get_retryable_exceptions(cls) -> tuple[Type[Exception], ...]:
        """Exceptions of `_call_api`, in addition to ours, after which the request is sent again."""
        return ()

    def credential_as(self, kind: Type[C]) -> C:
        """The credential, which must be of that class; raises `InvalidRequestError` for another one."""
        if not isinstance(self.credential, kind):
            given = type(self.credential).__name__
            raise InvalidRequestError(
                f"{type(self).__name__} takes a credential of the class {kind.__name__}, not {given}"
            )
        return self.credential

    def _endpoint(self, service: Service) -> Endpoint:
        """The credential's endpoint for a service. Raises `InvalidRequestError` for a credential of another provider.

        A bearer key may be given to any model that takes one, since servers with one protocol have many names.
        """
        credential, known = self.credential, self._kept_endpoint
        if known is not None and known[:2] == (credential.__class__, service) and known[2] == credential.__dict__:
            return known[3]
        keyed, named = self.takes_any_key and isinstance(credential, KeyedCredential), type(self).provider
        if not keyed and not (named and credential.provider_name() == named):
            wanted = f"a credential of {named}" if named else "a KeyedCredential"
            raise InvalidRequestError(f"{type(self).__name__} takes {wanted}, not {type(credential).__name__}")
        endpoint = credential.endpoint(service)
        fields = credential.__dict__.values()  # a `SecretStr` of an application's may give another key each time
        if "endpoint_of_fields" in type(credential).__dict__ and _CONSTANT.issuperset(map(type, fields)):
            self._kept_endpoint = type(credential), service, credential.__dict__.copy(), endpoint
        return endpoint

    @classmethod
    def _known_name(cls, model: str) -> str:
        """The name to send, of the name given; raises `NotFoundError` where only certain models exist."""
        return model

    def _checked_parameters(self, parameters: Any) -> Any:  # Any: the subclass's Parameters
        if parameters is None:
            return self.Parameters()
        if not isinstance(parameters, BaseModel) or not _same_line(type(parameters), self.Parameters):
            raise InvalidRequestError(
                f"parameters is a {type(parameters).__name__}; pass {type(self).__name__}.Parameters(…)"
            )
        return parameters

    async def aclose(self) -> None:
        """Close the connections of a transport that only this model uses; shared pools stay. Never required."""
        if self._transport is not None:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _same_line(given: Type[BaseModel], wanted: Type[BaseModel]) -> bool:
    """Whether one class descends from the other; a model that names no parameters takes any."""
    return wanted is NoParameters or issubclass(given, wanted) or (issubclass(wanted, given) and given is not BaseModel)


def retry_policy_of(max_retries: int | None, delay: float | None, policy: RetryPolicy | None) -> RetryPolicy:
    """The policy given, or the default one with these changes; `InvalidRequestError` for both."""
    if policy is not None:
        if max_retries is not None or delay is not None:
            raise InvalidRequestError("give either retry_policy or max_retries and retry_delay, not both")
        return policy
    changes = {"max_retries": max_retries, "retry_delay": delay}
    return RetryPolicy(**{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]
