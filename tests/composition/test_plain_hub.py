"""A hub without its container: wired in plain Python, and the same hub once the container is asked for."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from modelport import Modelport
from modelport.composition import wiring
from modelport.composition.defaults import build_runtime
from modelport.error import SettingsError
from modelport.settings import Settings
from modelport.testing import ScriptedChatModel, VirtualClock

SETTINGS: dict[str, Any] = {  # Any: as a YAML file
    "credentials": {"work": {"provider": "openai", "api_key": "sk-work-PlantedWord7"}},
    "chat": {"careful": {"credential": "work", "model": "gpt-4.1", "parameters": {"temperature": 0.1}}},
    "tts": {"voice": {"credential": "work", "model": "gpt-4o-mini-tts"}},
}
WITHOUT = """
import sys
sys.modules["dependency_injector"] = None
from modelport import Modelport
from modelport.error import SettingsError
hub = Modelport.from_mapping({"chat": {"m": {"provider": "openai", "model": "gpt-4.1"}}}, {"OPENAI_API_KEY": "x"})
assert hub.chat("m") is hub.chat() and hub.chat("m").model == "gpt-4.1"
assert hub.chat("openai/gpt-4.1-mini").runtime is hub.chat("m").runtime
assert {entry.name for entry in hub.catalogue("chat")} and hub.credential("openai").provider_name() == "openai"
try:
    hub.container
except SettingsError as error:
    print(error)
"""


@pytest.fixture
def hub() -> Modelport:
    return Modelport.from_mapping(SETTINGS, {})


def test_a_hub_needs_no_dependency_injector_and_its_container_says_so() -> None:
    result = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert "modelport[hub]" in result.stdout


def test_the_container_goes_on_with_what_the_hub_has_built(hub: Modelport) -> None:
    careful, credential = hub.chat("careful"), hub.credential("work")
    container = hub.container
    assert hub.chat("careful") is container.chat("careful") is careful
    assert hub.credential("work") is container.credential("work") is credential
    assert container.runtime() is careful.runtime and container.settings() is hub.settings
    assert hub.chat("openai/gpt-4.1-mini").runtime is careful.runtime
    assert hub.container is container and hub.tts("voice") is container.tts("voice")


def test_overriding_reaches_what_is_looked_up_later(hub: Modelport) -> None:
    before, clock = hub.chat("careful"), VirtualClock()
    with hub.container.clock.override(clock):
        assert hub.chat("careful").runtime.clock is clock and before.runtime.clock is not clock
    double = ScriptedChatModel(["Four."], stream=False)
    with hub.container.chat.override(double):
        assert hub.chat("careful") is double
    other = hub.credential("work").model_copy()
    with hub.container.credential.override(other):
        assert hub.chat("careful").credential is other


def test_resetting_the_container_forgets_what_the_hub_built_without_it(hub: Modelport) -> None:
    before = hub.chat("careful")
    hub.container.reset_singletons()
    assert hub.chat("careful") is hub.chat("careful") and hub.chat("careful") is not before


def test_threads_get_one_model_while_the_container_is_made(hub: Modelport) -> None:
    start, found = threading.Barrier(8), []

    def use(number: int) -> None:
        start.wait()
        found.append(hub.container.chat("careful") if number == 3 else hub.chat("careful"))

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1


def test_an_unknown_name_is_the_same_error_with_and_without_the_container(hub: Modelport) -> None:
    with pytest.raises(SettingsError) as plain:
        hub.chat("other")
    _ = hub.container
    with pytest.raises(SettingsError) as wired:
        hub.chat("other")
    assert str(plain.value) == str(wired.value)


def test_the_default_runtime_is_that_of_default_settings() -> None:
    """Its nodes are built without the classes of settings, whose defaults must therefore be the adapters' own."""
    plain = build_runtime()
    given: dict[str, Any] = {"settings": Settings()}  # Any: each node has a type of its own
    wired = wiring.build_node(wiring.runtime, given)
    for name in ("transport", "websockets", "media_loader", "rate_limiter", "cards", "clock", "telemetry"):
        ours, theirs = getattr(plain, name), getattr(wired, name)
        assert type(ours) is type(theirs)
        assert _simple(ours) == _simple(theirs), name
    assert _simple(plain.transport) and _simple(plain.media_loader)


def _simple(value: object) -> dict[str, object]:
    """The attributes that are plain values."""
    return {
        name: each
        for name, each in vars(value).items()
        if isinstance(each, str | int | float | bool | tuple | type(None))
    }
