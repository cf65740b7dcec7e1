"""The container as the root: what it makes, and that overriding a provider reaches everything built from it."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Type

import pytest
from dependency_injector import containers, providers

from modelport import Modelport
from modelport.composition import wiring
from modelport.composition.defaults import build_runtime
from modelport.composition.providers.catalogue import catalogue
from modelport.container import CardQuery, ModelportContainer, YamlCardSource
from modelport.credential import OpenAICredential
from modelport.embedding import EmbeddingModelBase
from modelport.error import MediaError, SettingsError
from modelport.message import URLSource
from modelport.model import ChatModelBase, ModelCard, OpenAIChatModel
from modelport.provider import Provider, ProviderRegistry
from modelport.settings import ChatSettings, Settings
from modelport.testing import VirtualClock
from modelport.transport import HttpRequest, HttpResponse, MediaLoader

SETTINGS = Settings.model_validate(
    {
        "credentials": {"work": {"provider": "openai", "api_key": "sk-work-PlantedWord7"}},
        "chat": {"careful": {"credential": "work", "model": "gpt-4.1", "parameters": {"temperature": 0.1}}},
        "embedding": {"vectors": {"credential": "work", "model": "text-embedding-3-small"}},
        "tts": {"voice": {"provider": "dashscope", "model": "qwen3-tts-flash"}},
        "media": {"allow_private": True},
    }
)
ENVIRONMENT = {"DASHSCOPE_API_KEY": "sk-env-PlantedWord7"}


@pytest.fixture
def container() -> Any:  # Any: dependency-injector makes another class of it
    return ModelportContainer(settings=SETTINGS, environment=ENVIRONMENT)


class TestModels:
    def test_by_the_name_in_the_settings(self, container: ModelportContainer) -> None:
        model = container.chat("careful")
        assert isinstance(model, OpenAIChatModel)
        assert model.parameters.temperature == 0.1
        assert isinstance(container.embedding("vectors"), EmbeddingModelBase)
        assert container.tts("voice").model == "qwen3-tts-flash"

    def test_without_a_name_the_default_one(self, container: ModelportContainer) -> None:
        assert container.chat() is container.chat("careful")

    def test_the_same_name_gives_the_same_object(self, container: ModelportContainer) -> None:
        assert container.chat("openai/gpt-4.1-mini") is container.chat("openai/gpt-4.1-mini")

    @pytest.mark.parametrize(
        "fields",
        [
            {"credential": "work", "model": "gpt-4.1"},
            {"provider": "dashscope", "model": "qwen-plus"},
            {"model": "dashscope/qwen-plus"},
        ],
    )
    def test_keys_of_the_settings_make_a_new_model(self, container: ModelportContainer, fields: dict[str, Any]) -> None:
        first, second = (container.chat(**fields, stream=False) for _ in range(2))
        assert first is not second
        assert first.model == fields["model"].rpartition("/")[2]
        assert first.stream is False
        assert first.runtime is container.runtime()

    def test_keys_with_a_name_replace_those_of_its_settings(self, container: ModelportContainer) -> None:
        model = container.chat("careful", stream=False, on_unsupported="error")
        assert (model.stream, model.parameters.temperature) == (False, 0.1)
        assert container.chat("careful").stream is True

    def test_a_credential_by_name_and_by_provider(self, container: ModelportContainer) -> None:
        work = container.credential("work")
        assert isinstance(work, OpenAICredential)
        assert work is container.credential("work")
        assert container.chat("careful").credential is work
        assert container.credential("dashscope") is container.tts("voice").credential

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda it: it.chat("sloppy"), "no chat model is called 'sloppy'; there are: careful"),
            (lambda it: it.chat(modle="gpt-4.1"), "chat.modle: unknown key; allowed here: provider, credential, model"),
            (lambda it: it.chat(model="gpt-4.1"), "name a `provider` or a `credential`"),
            (lambda it: it.chat(provider="openai"), "chat.model: Field required"),
            (lambda it: it.chat("careful", stream="often"), "chat.careful: chat.stream: Input should be a valid bool"),
            (lambda it: it.credential("play"), "no credential is called 'play'; there are: work; and unknown provider"),
        ],
    )
    def test_mistakes_are_named(
        self, container: ModelportContainer, make: Callable[[ModelportContainer], object], message: str
    ) -> None:
        with pytest.raises(SettingsError) as caught:
            make(container)
        assert str(caught.value).startswith(message)

    def test_a_container_without_settings_makes_models_by_provider(self) -> None:
        container = ModelportContainer(environment={"OPENAI_API_KEY": "sk-env-PlantedWord7"})
        assert container.chat("openai/gpt-4.1").credential is container.credential("openai")


class SilentTransport:
    """Never answers."""

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def aclose(self) -> None:
        pass


async def times_out_by(clock: VirtualClock, loader: MediaLoader) -> None:
    """Load media that never comes: the loader gives up when this clock says so."""
    task = asyncio.create_task(loader.load(URLSource(url="http://8.8.8.8/a.png", media_type="image/png")))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    clock.advance(30)
    with pytest.raises(MediaError, match="30"):
        await asyncio.wait_for(task, 5)


class TestOverriding:
    async def test_a_clock_reaches_the_media_loader(self, container: ModelportContainer) -> None:
        """It was once built with the system's clock, whatever the container's."""
        clock = VirtualClock()
        container.clock.override(clock)
        container.transport.override(SilentTransport())
        await times_out_by(clock, container.chat().runtime.media_loader)

    async def test_the_default_graph_is_the_same(self) -> None:
        clock, transport = VirtualClock(), SilentTransport()
        runtime = build_runtime(transport, clock)
        assert (runtime.clock, runtime.transport) == (clock, transport)
        await times_out_by(clock, runtime.media_loader)

    async def test_a_transport_reaches_every_model(self, container: ModelportContainer) -> None:
        transport = SilentTransport()
        container.transport.override(transport)
        models: list[Any] = [container.chat(), container.embedding(), container.tts()]  # Any: of three kinds
        assert {id(model.runtime.transport) for model in models} == {id(transport)}

    @pytest.mark.parametrize("name", ["clock", "transport", "websockets", "cards", "media_loader", "telemetry"])
    def test_every_driven_port_reaches_the_runtime(self, container: ModelportContainer, name: str) -> None:
        mine = object()
        container.providers[name].override(mine)
        assert getattr(container.chat().runtime, name) is mine

    def test_a_credential_reaches_the_models(self, container: ModelportContainer) -> None:
        before = container.chat()
        mine = OpenAICredential(api_key="sk-mine-PlantedWord7")
        with container.credential.override(mine):
            assert container.chat().credential is mine
        assert container.chat().credential is before.credential

    def test_a_card_source_reaches_the_lists_too(self, container: ModelportContainer) -> None:
        class OneCard(YamlCardSource):
            def list_all(self, directory: Path, query: CardQuery[Any]) -> list[Any]:  # Any: cards of any kind
                return super().list_all(directory, query)[:1]

        container.cards.override(OneCard())
        assert len(Modelport(container=container).cards()) == 1
        assert len(catalogue(container.registry(), container.cards(), "openai", "embedding")) == 1

    def test_a_class_that_lists_its_models_itself_is_asked(self, container: ModelportContainer) -> None:
        class OwnModel(OpenAIChatModel):
            @classmethod
            def list_models(cls, custom_yaml_dir: str | Path | None = None) -> list[ModelCard]:
                return [ModelCard(name="mine", label="Mine", context_size=10, output_size=10)]

        class OwnCredential(OpenAICredential):
            @classmethod
            def get_chat_model_classes(cls) -> list[Type[ChatModelBase]]:
                return [OwnModel]

        container.registry.override(ProviderRegistry((Provider("openai", OwnCredential),)))
        assert [card.name for card in Modelport(container=container).cards()] == ["mine"]

    def test_a_provider_replaces_ours(self, container: ModelportContainer) -> None:
        class HouseCredential(OpenAICredential):
            base_url: str = "https://models.example.com/v1"

        container.registry.override(ProviderRegistry((Provider("openai", HouseCredential),)))
        assert isinstance(container.chat("careful").credential, HouseCredential)

    def test_a_whole_model(self, container: ModelportContainer) -> None:
        double = object()
        container.chat.override(double)
        assert Modelport(container=container).chat("careful") is double

    def test_after_the_first_use_it_reaches_what_is_built_later(self, container: ModelportContainer) -> None:
        before = container.chat("careful")
        held = before.runtime
        clock = VirtualClock()
        container.clock.override(clock)
        after = container.chat("careful")
        assert after is not before
        assert after.runtime.clock is clock
        assert before.runtime is held, "a model that the application holds keeps its parts"

    def test_an_override_that_ended_leaves_nothing(self, container: ModelportContainer) -> None:
        with container.clock.override(VirtualClock()) as _:
            within = container.chat("careful")
        assert container.chat("careful") is not within
        assert not isinstance(container.runtime().clock, VirtualClock)

    def test_what_does_not_depend_on_it_stays(self, container: ModelportContainer) -> None:
        cards, registry, credential = container.cards(), container.registry(), container.credential("work")
        container.clock.override(VirtualClock())
        container.chat()
        assert container.cards() is cards
        assert container.registry() is registry
        assert container.credential("work") is credential

    def test_with_another_container(self, container: ModelportContainer) -> None:
        class Mine(containers.DeclarativeContainer):
            clock = providers.Singleton(VirtualClock)

        mine = Mine()
        container.override(mine)
        assert container.chat().runtime.clock is mine.clock()

    def test_a_reset_forgets_what_was_built(self, container: ModelportContainer) -> None:
        model, runtime, credential = container.chat(), container.runtime(), container.credential("work")
        container.reset_singletons()
        assert container.chat() is not model
        assert container.runtime() is not runtime
        assert container.runtime().transport is not runtime.transport
        assert container.credential("work") is not credential
        assert container.chat() is container.chat()


def test_threads_that_ask_first_at_the_same_time_share_one_object(container: ModelportContainer) -> None:
    start = threading.Barrier(8)

    def build() -> object:
        start.wait()
        return container.runtime().transport

    with ThreadPoolExecutor(8) as pool:
        found = {id(each.result()) for each in [pool.submit(build) for _ in range(8)]}
    assert len(found) == 1


class TestHub:
    def test_gives_its_settings_to_a_container_without_any(self) -> None:
        container = ModelportContainer()
        hub = Modelport(SETTINGS, container)
        assert hub.container is container
        assert hub.chat() is container.chat("careful")

    def test_takes_the_settings_of_its_container(self, container: ModelportContainer) -> None:
        hub = Modelport(container=container)
        assert hub.settings is SETTINGS
        assert hub.chat("careful") is container.chat("careful")

    def test_equal_settings_are_no_conflict(self, container: ModelportContainer) -> None:
        assert Modelport(SETTINGS.model_copy(deep=True), container).chat().model == "gpt-4.1"

    def test_refuses_a_container_with_other_settings(self, container: ModelportContainer) -> None:
        other = Settings(chat={"fast": ChatSettings(provider="openai", model="gpt-4.1-nano")})
        with pytest.raises(SettingsError, match="the hub's settings differ from its container's"):
            Modelport(other, container)

    def test_an_override_after_the_first_use_reaches_the_next_model(self) -> None:
        hub = Modelport(SETTINGS)
        before: ChatModelBase = hub.chat()
        hub.container.clock.override(clock := VirtualClock())
        assert hub.chat() is not before
        assert hub.chat().runtime.clock is clock

    def test_from_a_mapping_on_a_container(self) -> None:
        container = ModelportContainer(environment={"OPENAI_API_KEY": "sk-container-PlantedWord7"})
        hub = Modelport.from_mapping({"chat": {"a": {"provider": "openai", "model": "m"}}}, container=container)
        credential = hub.chat().credential
        assert isinstance(credential, OpenAICredential)
        assert credential.api_key.get_secret_value() == "sk-container-PlantedWord7"


def shared_parts(container: ModelportContainer, name: str) -> dict[str, Any]:  # Any: providers
    provider = container.providers[name]
    assert isinstance(provider, providers.Singleton)
    return provider.kwargs


def test_every_node_of_the_graph_is_a_provider_with_the_same_parts() -> None:
    container = ModelportContainer()
    for name, node in wiring.NODES.items():
        assert set(shared_parts(container, name)) == set(inspect.signature(node).parameters)
