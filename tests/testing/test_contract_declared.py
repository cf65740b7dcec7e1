"""A contract that is declared wrongly says what to write, before any case is checked."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelport.credential import DeepSeekCredential
from modelport.embedding import OpenAIEmbeddingModel
from modelport.formatter import DeepSeekChatFormatter
from modelport.model import DeepSeekChatModel
from modelport.testing import CacheContract, ChatContract, Contract, EmbeddingContract, FormatterContract, TTSContract
from modelport.tts import DashScopeTTSModel
from tests.cassettes import CASSETTES

CREDENTIAL = DeepSeekCredential(api_key="test-PlantedWord7")
GOOD: dict[str, Any] = {
    "model": DeepSeekChatModel,
    "credential": CREDENTIAL,
    "cassettes": CASSETTES / "deepseek",
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cassettes": "nowhere"}, r"cassettes: there is no folder nowhere \(looked for in .*write Path\(__file__\)"),
        ({"cassettes": None}, "cassettes is None; name a folder"),
        (
            {"model": DeepSeekChatModel(CREDENTIAL, "any")},
            r"model is DeepSeekChatModel\('any'.*name a subclass of ChatModelBase",
        ),
        ({"model": OpenAIEmbeddingModel}, "name a subclass of ChatModelBase"),
        ({"model": "deepseek"}, "model is 'deepseek'"),
        (
            {"credential": DeepSeekCredential},
            r"is a class; make one: credential = DeepSeekCredential\(api_key='test'\)",
        ),
    ],
)
def test_values_of_another_kind(changed: dict[str, Any], message: str) -> None:
    contract = type("Mine", (ChatContract,), {**GOOD, **changed})
    with pytest.raises(TypeError, match=message):
        asyncio.run(contract().run("budget"))


@pytest.mark.parametrize("missing", ["model", "credential", "cassettes"])
@pytest.mark.parametrize(
    ("base", "model"),
    [
        (ChatContract, DeepSeekChatModel),
        (EmbeddingContract, OpenAIEmbeddingModel),
        (TTSContract, DashScopeTTSModel),
    ],
)
def test_what_is_not_said(base: type[Contract], model: type[Any], missing: str) -> None:
    given = {name: value for name, value in {**GOOD, "model": model}.items() if name != missing}
    with pytest.raises(TypeError, match=f"Mine does not say which {missing} to check; write: {missing} = "):
        asyncio.run(type("Mine", (base,), given)().run())


@pytest.mark.parametrize(
    ("name", "meant"), [("cassete", "cassettes"), ("credentials", "credential"), ("leftout", "left_out")]
)
def test_a_name_that_nothing_reads(name: str, meant: str) -> None:
    with pytest.raises(TypeError, match=rf"Mine.{name}: nothing reads that; did you mean '{meant}'\?"):
        type("Mine", (ChatContract,), {**GOOD, name: "x"})


def test_other_names_are_ones_own() -> None:
    own = {"helper": 1, "test_of_mine": lambda self: None, "_leftout": {}, "limit": 3}
    assert type("Mine", (ChatContract,), {**GOOD, **own}).__name__ == "Mine"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"left_out": ["budget"]}, "write: left_out = {'NAME': 'reason'}"),
        ({"left_out": {"budget": None}}, r"left_out\['budget'\] needs a reason"),
        ({"left_out": {"budgte": "x"}}, r"there is no case 'budgte'; did you mean 'budget'\?"),
        ({"cases": (*ChatContract.cases, len)}, "which is not a case; make one with @case"),
    ],
)
def test_cases_and_what_is_left_out(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        type("Mine", (ChatContract,), {**GOOD, **changed})


@pytest.mark.parametrize(
    ("base", "attributes", "message"),
    [
        (FormatterContract, {"chat": DeepSeekChatModel}, "name a subclass of ChatContract"),
        (FormatterContract, {"formatter": DeepSeekChatModel}, "name a subclass of FormatterBase"),
        (FormatterContract, {"formatter": DeepSeekChatFormatter()}, "name a subclass of FormatterBase"),
        (FormatterContract, {}, "needs `chat` or `formatter`"),
        (CacheContract, {}, r"needs `async def make\(self, folder\)`"),
        (CacheContract, {"make": lambda self, folder: None}, r"needs `async def make\(self, folder\)`"),
    ],
)
def test_formatters_and_caches(base: type[Contract], attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        asyncio.run(type("Mine", (base,), attributes)().run())


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("report", "status", "message"),
    [(".", 4, "'.' is not the name of a file"), ("deep/er/report.json", 5, "no tests ran")],
)
def test_the_place_of_a_report_is_looked_at_first(report: str, status: int, message: str, tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, "-p", "modelport.testing.pytest_plugin", f"--contract-report={report}")
    assert ran.returncode == status and message in ran.stdout + ran.stderr
    assert status == 4 or (tmp_path / report).read_text() == "[]"


def test_pytest_reports_it_once(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from modelport.credential import DeepSeekCredential\n"
        "from modelport.model import DeepSeekChatModel\n"
        "from modelport.testing import ChatContract\n\n\n"
        "class TestMine(ChatContract):\n"
        "    model, credential, cassettes = DeepSeekChatModel, DeepSeekCredential(api_key='PlantedWord7'), 'nowhere'\n"
    )
    out = run_pytest(tmp_path, ".").stdout
    assert "TestMine.cassettes: there is no folder nowhere" in out and "1 error in" in out


def test_a_report_for_junit_brings_no_warning(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from modelport.credential import DeepSeekCredential\n"
        "from modelport.model import DeepSeekChatModel\n"
        "from modelport.testing import ChatContract\n\n\n"
        "class TestMine(ChatContract):\n"
        "    model, credential = DeepSeekChatModel, DeepSeekCredential(api_key='PlantedWord7')\n"
        f"    cassettes = {str(CASSETTES / 'deepseek')!r}\n"
    )
    ran = run_pytest(tmp_path, "-W", "error", "--junitxml=junit.xml", "-k", "test_budget")
    assert ran.returncode == 0 and "1 passed" in ran.stdout
