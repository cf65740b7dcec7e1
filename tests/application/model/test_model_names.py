"""A model needs a name."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.credential import DashScopeCredential, OpenAICredential
from modelport.embedding import OpenAIEmbeddingModel
from modelport.error import InvalidRequestError
from modelport.model import OpenAIChatModel
from modelport.tts import DashScopeTTSModel


@pytest.mark.parametrize("name", ["", "  ", None, 5])
@pytest.mark.parametrize(
    ("model_class", "credential"),
    [
        (OpenAIChatModel, OpenAICredential(api_key="key-PlantedWord7")),
        (OpenAIEmbeddingModel, OpenAICredential(api_key="key-PlantedWord7")),
        (DashScopeTTSModel, DashScopeCredential(api_key="key-PlantedWord7")),
    ],
)
def test_what_is_no_name_is_refused_at_once(model_class: Any, credential: Any, name: Any) -> None:
    with pytest.raises(InvalidRequestError, match="name of the model"):
        model_class(credential=credential, model=name)
