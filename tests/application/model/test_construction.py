"""Constructors: a mistake in an argument's name says what to write, and `help` shows what there is."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
import re
from typing import Any

import pytest

from modelport.agent import Agent
from modelport.credential import (
    CredentialBase,
    DashScopeCredential,
    GeminiCredential,
    MoonshotCredential,
    OpenAICredential,
)
from modelport.embedding import OpenAIEmbeddingModel
from modelport.error import InvalidRequestError
from modelport.message import UserMsg
from modelport.model import ChatModelBase, ChatResponse, ChatStream, GeminiChatModel, OpenAIChatModel
from modelport.realtime import RealtimeAgent
from modelport.stt import OpenAITranscriptionModel
from modelport.testing import ScriptedChatModel
from modelport.tts import DashScopeRealtimeTTSModel, DashScopeTTSModel, OpenAITTSModel

OPENAI = OpenAICredential(api_key="k-PlantedWord7")
DASHSCOPE = DashScopeCredential(api_key="k-PlantedWord7")
ASK = [UserMsg("user", "Hello?")]


@pytest.mark.parametrize(
    ("cls", "credential", "given", "message"),
    [
        (
            OpenAIChatModel,
            OPENAI,
            "max_retry",
            "OpenAIChatModel has no .* 'max_retry'; did you mean 'max_retries'",
        ),
        (OpenAIChatModel, OPENAI, "temperature", r"write parameters=OpenAIChatModel\.Parameters\(temperature=…\)"),
        (OpenAIChatModel, OPENAI, "temperatur", "did you mean the parameter 'temperature'"),
        (OpenAIChatModel, OPENAI, "api_key", "it belongs to the credential"),
        (OpenAIChatModel, OPENAI, "stop", r"it is a setting of calls; write settings=\{'stop': …\}"),
        (OpenAIChatModel, OPENAI, "thinking", r"write settings=\{'thinking': …\}"),
        (GeminiChatModel, GeminiCredential(api_key="k"), "thinkin", r"the setting 'thinking'\? Write settings=\{"),
        (OpenAIEmbeddingModel, OPENAI, "stop", "it takes credential, model"),
        (OpenAIChatModel, OPENAI, "zzz", "it takes credential, model, parameters, stream,"),
        (
            GeminiChatModel,
            GeminiCredential(api_key="k-PlantedWord7"),
            "steam",
            "GeminiChatModel has no .* did you mean 'stream'?",
        ),
        (OpenAIEmbeddingModel, OPENAI, "batchsize", "OpenAIEmbeddingModel has no .* did you mean 'batch_size'?"),
        (OpenAIEmbeddingModel, OPENAI, "dimension", "did you mean 'dimensions'"),
        (DashScopeTTSModel, DASHSCOPE, "voice", r"DashScopeTTSModel\.Parameters\(voice=…\)"),
        (DashScopeRealtimeTTSModel, DASHSCOPE, "cold_start", "did you mean 'cold_start_(length|words)'"),
    ],
)
def test_a_wrong_name_is_answered(cls: Any, credential: CredentialBase, given: str, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        cls(credential, "m", **{given: 1})


@pytest.mark.parametrize("cls", [Agent, RealtimeAgent])
def test_agents_answer_a_wrong_name_too(cls: Any) -> None:
    model = ScriptedChatModel([])
    with pytest.raises(TypeError, match=f"{cls.__name__} has no argument 'system_promt'; did you mean 'system_prompt'"):
        cls("assistant", model, system_promt="Be brief.")
    assert repr(cls("assistant", model)) == f"<{cls.__name__} 'assistant' with {model!r}, 0 messages>"
    assert "system_prompt" in inspect.signature(cls).parameters


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"settings": 3}, "settings is a int; give a dict"),
        ({"extra_body": "x"}, "extra_body is a str; give a dict"),
        ({"extra_headers": ["x"]}, "extra_headers is a list; give a dict"),
        ({"stream": "yes"}, "stream is 'yes'; use True or False"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_where_it_is_given(given: dict[str, Any], message: str) -> None:
    for make in (OpenAIChatModel, OpenAIChatModel(OPENAI, "m").with_options):
        with pytest.raises(InvalidRequestError, match=message):
            make(*((OPENAI, "m") if make is OpenAIChatModel else ()), **given)


def test_a_class_of_the_users_names_itself() -> None:
    class Mine(ChatModelBase):
        def __init__(self, credential: CredentialBase, model: str, *, colour: str = "red") -> None:
            super().__init__(credential, model)

    class Open(ChatModelBase):
        def __init__(self, credential: CredentialBase, model: str, **options: Any) -> None:
            super().__init__(credential, model, **options)

    with pytest.raises(TypeError, match="Mine has no argument 'color'; did you mean 'colour'"):
        Mine(OPENAI, "m", color="blue")  # type: ignore[call-arg]  # the mistake
    assert Open(OPENAI, "m", stream=False).stream is False
    with pytest.raises(TypeError, match="unexpected keyword argument 'color'"):
        Open(OPENAI, "m", color="blue")


def help_of(value: object) -> str:
    return re.sub(".\b", "", pydoc.render_doc(value))  # without what makes letters bold


def test_help_shows_the_arguments() -> None:
    shown = help_of(OpenAIChatModel)
    assert "stream: 'bool' = True" in shown and "max_retries: how often a failed request" in shown
    assert list(inspect.signature(OpenAIChatModel).parameters)[:4] == ["credential", "model", "parameters", "stream"]
    assert "messages" in inspect.signature(OpenAIChatModel(OPENAI, "m")).parameters
    parameters = help_of(OpenAIChatModel.Parameters)
    assert re.search(r"temperature: (?:typing\.)?Annotated\[.*float.*, Ge\(ge=0\), Le\(le=2\)\] = None", parameters)


def test_models_are_still_copied_and_pickled() -> None:
    model = OpenAIChatModel(OPENAI, "m", stream=False)
    for again in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert repr(again) == repr(model)


@pytest.mark.parametrize("stream", [True, False])
async def test_what_a_call_gives_can_be_said_per_call(stream: bool) -> None:
    model = ScriptedChatModel(["One.", "Two.", "Three."], stream=stream)
    response = await model.generate(ASK)
    assert type(response) is ChatResponse and response.text == "One."
    answer = await model.generate_stream(ASK)
    assert type(answer) is ChatStream and (await answer.whole()).text == "Two."
    assert isinstance(await model(ASK), ChatStream if stream else ChatResponse)


@pytest.mark.parametrize("model", [OpenAIChatModel, OpenAITTSModel, OpenAITranscriptionModel])
def test_a_model_knows_its_provider(model: Any) -> None:
    """Also where one class serves several providers."""
    assert model(OpenAICredential(api_key="k-PlantedWord7"), "m").provider == "openai"
    assert model(MoonshotCredential(api_key="k-PlantedWord7"), "m").provider == "moonshot"
