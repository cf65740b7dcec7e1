"""Programs before and after the move print the same, and send the same to the provider."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from modelport.testing import ScriptedServer
from modelport.testing.providers import answer_provider
from tests.end_to_end.command import SECRET
from tests.examples.running import EXAMPLES, copy_of


@pytest.mark.skipif(importlib.util.find_spec("openai") is None, reason="openai is not installed")
def test_openais_program_and_ours(tmp_path: Path) -> None:
    example = copy_of("migration", tmp_path)
    with ScriptedServer(answer_provider).in_thread() as server:
        variables = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{server.base_url}/v1"}
        before = example.run("before_openai.py", **variables)
        after = example.run("after_openai.py", **variables)
        bodies = [request.json() for request in server.requests]
    assert before.returncode == after.returncode == 0, before.stderr + after.stderr
    assert before.stdout == after.stdout != ""
    assert [body.get("stream", False) for body in bodies] == [False, True] * 2
    assert bodies[1]["messages"][-1]["content"] == bodies[3]["messages"][-1]["content"]
    parameters = [body["tools"][0]["function"]["parameters"]["properties"] for body in bodies]
    assert [list(given) for given in parameters] == [["article"]] * 4


def test_agentscopes_program_after_its_import_lines_changed(tmp_path: Path) -> None:
    example = copy_of("migration", tmp_path)
    found = re.search(r"```text\n(.*?)```", (EXAMPLES / "migration" / "README.md").read_text(), re.DOTALL)
    assert found is not None
    before = re.sub(r"^from agentscope", "from modelport", found[1], flags=re.MULTILINE)
    place = 'api_key=os.environ["OPENAI_API_KEY"]'
    (example.folder / "changed.py").write_text(
        before.replace(place, f'{place}, base_url=os.environ["OPENAI_BASE_URL"]')
    )
    with ScriptedServer(answer_provider).in_thread() as server:
        variables = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"{server.base_url}/v1"}
        changed = example.run("changed.py", **variables)
        after = example.run("after_agentscope.py", **variables)
    assert changed.returncode == after.returncode == 0, changed.stderr + after.stderr
    assert changed.stdout == after.stdout
    assert after.stdout.count("You said: Name a colour.") == 2
