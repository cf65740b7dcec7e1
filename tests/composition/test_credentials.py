"""Credentials: forms, storage, and secrets that stay secret."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import traceback
from typing import Any, Literal

import jsonschema
import pytest
from pydantic import ConfigDict, SecretStr, ValidationError

from modelport.composition.providers.registry import ProviderRegistry
from modelport.credential import CredentialBase, CredentialFactory, OpenAICredential
from modelport.error import AuthenticationError, InvalidRequestError, SettingsError
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel

SECRET = "sk-very-secret-1234567890-PlantedWord7"


def every_class() -> list[type[CredentialBase]]:
    registry = ProviderRegistry()
    return [registry.get(name).credential_class() for name in registry.names()]


def made(cls: type[CredentialBase]) -> CredentialBase:
    return cls.model_validate({"api_key": SECRET} if "api_key" in cls.model_fields else {})


def test_importing_a_credential_imports_no_model() -> None:
    names = [cls.__module__ for cls in every_class()]
    code = f"import sys, importlib; [importlib.import_module(name) for name in {names}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [
        name for name in loaded if re.search(r"modelport\.application\.(chat|embedding|speech)|\.dialects\.", name)
    ] == []


class Mine(CredentialBase):
    type: Literal["mine_credential"] = "mine_credential"
    token: SecretStr


@pytest.mark.parametrize("cls", every_class(), ids=lambda cls: cls.__name__)
def test_a_secret_is_never_shown(cls: type[CredentialBase]) -> None:
    credential = made(cls)
    shown = [repr(credential), str(credential), credential.model_dump_json(), repr(credential.model_dump())]
    shown.append(json.dumps(credential.to_storage()))
    assert SECRET not in "".join(shown)


@pytest.mark.parametrize("cls", every_class(), ids=lambda cls: cls.__name__)
def test_storage_round_trip(cls: type[CredentialBase]) -> None:
    credential, factory = made(cls), CredentialFactory()
    stored = json.loads(json.dumps(credential.to_storage(include_secrets=True)))
    assert factory.from_dict(stored) == credential
    without = credential.to_storage()
    if "api_key" in cls.model_fields:
        without["api_key"] = SECRET
    assert factory.from_dict(without) == credential


@pytest.mark.parametrize("cls", every_class(), ids=lambda cls: cls.__name__)
def test_forms_are_schemas_with_secrets_marked(cls: type[CredentialBase]) -> None:
    schema = cls.form_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    key = schema["properties"].get("api_key")
    assert key is None or key["writeOnly"] is True
    assert schema["title"]


def test_a_third_partys_credential_is_registered_like_ours() -> None:
    factory = CredentialFactory()
    with pytest.raises(SettingsError, match="openai_credential"):
        factory.from_dict({"type": "mine_credential", "token": "t"})
    factory.register_credential(Mine)
    credential = factory.from_dict({"type": "mine_credential", "token": "t"})
    assert isinstance(credential, Mine) and credential.token.get_secret_value() == "t"
    assert "mine_credential" in factory.list_schemas()


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ({}, "type"),
        ({"type": "nobody_credential"}, "nobody_credential"),
        ({"type": "openai_credential", "base_url": "nonsense"}, "base_url"),
        ({"type": "openai_credential", "apikey": SECRET}, "apikey"),
        ({"type": "anthropic_credential"}, "api_key"),
    ],
)
def test_a_wrong_stored_form_names_the_field_and_no_value(stored: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        CredentialFactory().from_dict(stored)
    assert SECRET not in str(caught.value)


async def test_a_credential_without_an_endpoint_says_what_to_implement() -> None:
    with pytest.raises(InvalidRequestError, match=r"no endpoint for chat models; implement Mine\.endpoint\(\)"):
        Mine(token=SecretStr("t")).endpoint("chat")
    model = OpenAIChatModel(Mine(token=SecretStr("t")), "gpt-4.1")
    with pytest.raises(InvalidRequestError, match="OpenAIChatModel takes a KeyedCredential, not Mine"):
        await model([UserMsg(name="user", content="Hi")])


@pytest.mark.parametrize("key", ["", "  ", "sk-\u2026", "two words"])
def test_a_key_that_cannot_work_is_refused_before_any_request(key: str) -> None:
    from modelport.error import AuthenticationError

    with pytest.raises(AuthenticationError) as caught:
        OpenAICredential(api_key=SecretStr(key)).endpoint()
    assert "OPENAI_API_KEY" in str(caught.value) or "copy it again" in str(caught.value)


def test_a_credential_lists_the_models_of_all_its_classes() -> None:
    names = [card.name for card in OpenAICredential.list_models()]
    assert names == sorted(names) and {"gpt-4.1", "gpt-5.5"} <= set(names)


@pytest.mark.parametrize(
    "given", [{"api_kye": SECRET}, {"api_key": [SECRET]}, {"api_key": "x-PlantedWord7", "base_url": SECRET}]
)
def test_a_mistake_does_not_show_the_secret(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        OpenAICredential(**given)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


class Own(Mine):
    model_config = ConfigDict(title="My own")


def test_the_secret_of_somebody_elses_credential_is_not_shown_either() -> None:
    with pytest.raises(ValidationError) as caught:
        Own(token=SecretStr(SECRET), tokne=SECRET)  # type: ignore[call-arg]  # the mistake
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-secret\x00key", "sk-secret\x7fkey", "sk-secret key", "sk-sécret-key"])
def test_a_key_that_breaks_a_header_is_refused_unseen(key: str) -> None:
    with pytest.raises(AuthenticationError, match="copy it again") as caught:
        OpenAICredential(api_key=key).endpoint()
    assert key not in str(caught.value) + repr(caught.value)


class Gateway(OpenAICredential):
    type: Literal["gateway_credential"] = "gateway_credential"  # type: ignore[assignment]  # a type of its own


class Gateways(Gateway):
    type: Literal["gateways_credential"] = "gateways_credential"  # type: ignore[assignment]  # as above


def test_a_subclass_of_ours_is_registered_beside_ours() -> None:
    factory = CredentialFactory()
    for cls in (Gateway, Gateways, Gateway):
        factory.register_credential(cls)
    for made in (OpenAICredential(api_key=SECRET), Gateway(api_key=SECRET), Gateways(api_key=SECRET)):
        assert type(factory.from_dict(made.to_storage(include_secrets=True))) is type(made)


@pytest.mark.parametrize("stored", [None, [], "openai_credential", {"type": None}])
def test_what_is_no_stored_form_is_refused(stored: Any) -> None:
    with pytest.raises(SettingsError, match="openai_credential"):
        CredentialFactory().from_dict(stored)


class OnlyEmbedding(CredentialBase):
    @classmethod
    def get_chat_model_class(cls) -> Any:
        return None


def test_a_credential_may_open_no_chat_class() -> None:
    assert OnlyEmbedding.get_chat_model_classes() == [] and OnlyEmbedding.list_models() == []


def test_the_factory_answers_on_the_class_too() -> None:
    stored = OpenAICredential(api_key="k-PlantedWord7").to_storage(include_secrets=True)
    assert isinstance(CredentialFactory.from_dict(stored), OpenAICredential)
    assert CredentialFactory.get_credential_class("openai_credential") is OpenAICredential
    assert "xai_credential" in CredentialFactory.list_schemas()
