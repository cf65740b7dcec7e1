"""The providers of this package that are only data: what is made of each file, and that the pages say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from modelport import Modelport
from modelport.composition.providers.profiles import profile_names
from modelport.composition.providers.registry import Provider, ProviderRegistry
from modelport.credential import CredentialFactory
from modelport.error import InvalidRequestError, ModelConnectionError, SettingsError
from modelport.message import UserMsg
from modelport.transport import HttpRequest, HttpResponse

DOCS = Path(__file__).parents[2] / "docs"
NAMES = profile_names()
LOCAL = {"llamacpp", "lmstudio", "sglang", "vllm"}


class Nowhere:
    """Takes one request and answers none."""

    request: HttpRequest

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        self.request = request
        raise ModelConnectionError("the host cannot be reached", retryable=False)

    async def aclose(self) -> None: ...


async def sent(provider: str, model: str = "any-model", **fields: Any) -> HttpRequest:
    """What a call sends."""
    credential = ProviderRegistry().get(provider).credential_class().model_validate(fields)
    transport = Nowhere()
    chat = credential.get_chat_model_class()(credential, model, stream=False, max_retries=0, transport=transport)
    with pytest.raises(ModelConnectionError):
        await chat([UserMsg("user", "Hi")])
    return transport.request


def table() -> str:
    """The table of the page, as it should be."""
    lines = ["| name | provider | base URL | key variable | cards |", "|---|---|---|---|---|"]
    for name in NAMES:
        provider = ProviderRegistry().get(name)
        cards = provider.credential_class().list_models()
        shown = ", ".join(f"`{card.name}`" for card in cards) or "none"
        lines.append(f"| `{name}` | {provider.label} | `{provider.base_url}` | `{provider.key_variable}` | {shown} |")
    return "\n".join(lines) + "\n"


def test_the_tables_on_the_page_are_true() -> None:
    written = re.findall(r"^\| `\w+` .*$", (DOCS / "providers.md").read_text(), re.M)
    assert len(written) >= 14
    assert [line for line in written if line not in table().splitlines()] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_of_each_are_on_a_page(name: str) -> None:
    provider = ProviderRegistry().get(name)
    page = (DOCS / "protocols/openai-shaped-providers.md").read_text()
    end = provider.base_url.replace("localhost", "HOST").replace("{resource}", "RESOURCE").replace("{region}", "REGION")
    assert end in page or provider.base_url in page
    assert provider.key_variable in page or name in LOCAL


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_credential_a_form_and_cards(name: str) -> None:
    provider = ProviderRegistry().get(name)
    cls = provider.credential_class()
    assert cls is ProviderRegistry().get(name).credential_class(), "one class for one file"
    schema = cls.form_schema()
    assert schema["title"] == provider.label
    assert schema["properties"]["api_key"]["writeOnly"]
    assert cls.model_fields["type"].default == f"{name}_credential" == provider.credential_type()
    assert not {"type", "id"} & schema["properties"].keys()
    assert ("api_key" in schema.get("required", [])) == (name not in LOCAL)
    cards = cls.list_models()
    assert bool(cards) == (name not in LOCAL)
    for card in cards:
        assert card.source and card.verified_on, card.name


async def test_azure_sends_the_key_as_it_is_to_the_resource() -> None:
    request = await sent("azure", api_key="k-1-PlantedWord7", resource="contoso-9", model="my-deployment")
    assert request.url == "https://contoso-9.openai.azure.com/openai/v1/chat/completions"
    assert request.headers["api-key"] == "k-1-PlantedWord7" and "authorization" not in request.headers
    assert json.loads(request.body)["model"] == "my-deployment"


async def test_another_base_url_needs_no_parts() -> None:
    request = await sent(
        "azure", api_key="k-1-PlantedWord7", base_url="https://contoso.services.ai.azure.com/openai/v1/"
    )
    assert request.url == "https://contoso.services.ai.azure.com/openai/v1/chat/completions"


async def test_a_missing_part_of_the_url_is_named() -> None:
    credential = ProviderRegistry().get("azure").credential_class().model_validate({"api_key": "k-1-PlantedWord7"})
    model = credential.get_chat_model_class()(credential, "m", stream=False)
    with pytest.raises(InvalidRequestError, match=r"AzureCredential\(resource=…\)"):
        await model([UserMsg("user", "Hi")])


@pytest.mark.parametrize("part", ["evil.example/", "a@b", "a:80", "", "a b", "..%2f"])
def test_a_part_of_the_url_is_no_other_part(part: str) -> None:
    cls = ProviderRegistry().get("azure").credential_class()
    with pytest.raises(ValidationError):
        cls.model_validate({"api_key": "k-1-PlantedWord7", "resource": part})


async def test_a_region_has_a_default_and_a_variable() -> None:
    assert (await sent("bedrock", api_key="k-PlantedWord7")).url.startswith(
        "https://bedrock-mantle.us-east-1.api.aws/v1/"
    )
    hub = Modelport.from_mapping({}, {"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_REGION": "eu-west-1"})
    endpoint = hub.chat("bedrock/openai.gpt-oss-120b").credential.endpoint()
    assert endpoint.base_url == "https://bedrock-mantle.eu-west-1.api.aws/v1"


async def test_headers_of_the_provider_and_of_the_account() -> None:
    request = await sent("openrouter", api_key="k-PlantedWord7", app_url="https://app.example", app_title="App")
    assert (request.headers["HTTP-Referer"], request.headers["X-Title"]) == ("https://app.example", "App")
    assert "HTTP-Referer" not in (await sent("openrouter", api_key="k-PlantedWord7")).headers
    assert (await sent("zai", api_key="k-PlantedWord7")).headers["accept-language"] == "en-US"


@pytest.mark.parametrize("name", sorted(LOCAL & set(NAMES)))
async def test_local_servers_need_no_key(name: str) -> None:
    assert "authorization" not in (await sent(name)).headers
    assert (await sent(name, api_key="k-1-PlantedWord7")).headers["authorization"] == "Bearer k-1-PlantedWord7"


def test_a_stored_credential_with_a_url_of_parts_is_read_back() -> None:
    cls = ProviderRegistry().get("bedrock").credential_class()
    credential = cls.model_validate({"api_key": "k-PlantedWord7", "region": "eu-west-1"})
    assert credential.custom_url is None
    assert CredentialFactory().from_dict(credential.to_storage(include_secrets=True)) == credential


def test_a_provider_of_the_settings_replaces_one_that_is_data() -> None:
    settings = {"providers": {"groq": {"base_url": "https://groq.example/v1"}}, "chat": {}}
    assert (
        Modelport.from_mapping(settings, {}).chat("groq/m").credential.endpoint().base_url == "https://groq.example/v1"
    )


def test_a_registry_of_given_providers_has_no_others() -> None:
    registry = ProviderRegistry((Provider("mine", base_url="https://mine.example/v1"),))
    assert "groq" not in registry.names()
    with pytest.raises(SettingsError, match="unknown provider 'groq'"):
        registry.get("groq")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"base_url": "https://{cell}.example/v1"}, r"providers\.p\.base_url: names the field 'cell'"),
        ({"fields": {"cell": {"colour": "red"}}}, r"providers\.p\.fields\.cell\.colour"),
    ],
)
def test_mistakes_in_fields(change: dict[str, Any], says: str) -> None:
    given = {"base_url": "https://p.example/v1", **change}
    with pytest.raises(SettingsError, match=says):
        Provider("p", **given).credential_class()
