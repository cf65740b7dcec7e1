"""No test reaches the network, and a hub answers from a cassette with the test's name.

`RECORD=1 pytest -k NAME` asks the provider instead, with the key in OPENAI_API_KEY, and writes the cassette.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from modelport import Modelport
from modelport.testing import forbid_network
from modelport.transport import HttpTransport, HttpxTransport, RecordTransport, ReplayTransport

HERE = Path(__file__).parent
RECORDING = os.environ.get("RECORD") == "1"


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    if RECORDING:
        yield
        return
    with forbid_network():
        yield


@pytest.fixture
async def hub(request: pytest.FixtureRequest) -> AsyncGenerator[Modelport, None]:
    """The application's hub, with its own settings and another transport."""
    cassette = HERE / "cassettes" / f"{request.node.name}.yaml"
    keys = os.environ if RECORDING else {"OPENAI_API_KEY": "not-needed"}
    transport: HttpTransport
    transport = RecordTransport(HttpxTransport(), cassette) if RECORDING else ReplayTransport(cassette)
    hub = Modelport.from_file(HERE.parent / "modelport.yaml", keys)
    with hub.container.transport.override(transport):
        async with hub:
            yield hub
