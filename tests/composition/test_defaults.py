"""The default runtime: of the same graph as the container, in plain Python."""

from __future__ import annotations

import subprocess
import sys

from modelport.composition.defaults import build_runtime, replaced_default_runtime
from modelport.credential import OpenAICredential
from modelport.model import OpenAIChatModel

USED = """
import sys
from modelport.credential import OpenAICredential
from modelport.model import OpenAIChatModel
OpenAIChatModel(OpenAICredential(api_key="x-PlantedWord7"), "gpt-4.1").runtime
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_a_model_built_by_hand_needs_no_dependency_injector() -> None:
    """The library comes with the extra `hub`, which such models do without."""
    loaded = subprocess.run([sys.executable, "-c", USED], capture_output=True, text=True, check=True).stdout.split()
    assert not {"dependency_injector", "sqlalchemy", "httpx"} & set(loaded)


def test_models_built_by_hand_share_one_runtime_until_it_is_replaced() -> None:
    first, second = (OpenAIChatModel(OpenAICredential(api_key="x-PlantedWord7"), "gpt-4.1") for _ in range(2))
    before = first.runtime
    assert second.runtime is before
    with replaced_default_runtime(build_runtime):
        within = first.runtime
        assert within is not before
        assert second.runtime is within
    assert first.runtime is before
