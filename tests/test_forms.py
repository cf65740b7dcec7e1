"""Forms as @rjsf/core draws them in Chromium, of every card of every kind and of every credential.

`scripts/forms_page` builds the page, from npm's packages.
"""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from modelport.composition.providers.registry import ProviderRegistry
from modelport.credential import CredentialFactory
from modelport.model import GeminiChatModel, OpenAIChatModel
from tests.application.chat.test_settings import CLASSES, model_of
from tests.browser import Page, browser, needs_chromium

ROOT = Path(__file__).parents[1]
SOURCE, BUILT = ROOT / "tests/forms", ROOT / ".cache/forms"
KINDS = ("chat", "tts", "embedding", "stt", "realtime")

Form = Mapping[str, Any]
"""A JSON Schema (Any: JSON values)."""


def is_built() -> bool:
    files = [file.name for file in SOURCE.iterdir()]
    return (BUILT / "page.js").exists() and filecmp.cmpfiles(SOURCE, BUILT, files, shallow=False)[0] == files


needs_page = pytest.mark.skipif(not is_built(), reason="the page is not built: scripts/forms_page builds it")


@cache
def cards() -> dict[str, list[tuple[str, Any, Any]]]:  # Any: a model class and a card, of any kind
    """All cards by kind, with the class that calls the model."""
    found: dict[str, list[tuple[str, Any, Any]]] = {kind: [] for kind in KINDS}
    registry = ProviderRegistry()
    for provider in registry.names():
        credential = registry.get(provider).credential_class()
        for kind in KINDS:
            for cls in classes(credential, kind):
                found[kind] += [(f"{provider}/{card.name} of {cls.__name__}", cls, card) for card in cls.list_models()]
    return found


def classes(credential: Any, kind: str) -> list[Any]:  # Any: a credential class, and model classes of any kind
    if kind == "embedding":
        model = credential.get_embedding_model_class()
        return [model] if model else []
    return list(getattr(credential, f"get_{kind}_model_classes")())


def leaves(fields: Form, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Form]]:
    """The fields that one input draws, those inside objects included."""
    for name, field in fields.items():
        if field.get("type") == "object":
            yield from leaves(field.get("properties", {}), (*path, name))
        elif "oneOf" not in field and field.get("type") != "array":
            yield (*path, name), field


def other_value(field: Form) -> Any:
    """A legal value that is not the default."""
    kind, default = field.get("type"), field.get("default")
    choices = field.get("enum") or field.get("examples") or ()
    if others := [choice for choice in choices if choice != default]:
        return others[-1]
    if "enum" in field:
        return default
    if kind == "boolean":
        return not default
    if kind in ("integer", "number"):
        lowest = field.get("minimum", field.get("exclusiveMinimum", 0))
        highest = field.get("maximum", field.get("exclusiveMaximum", lowest + 2))
        middle = (lowest + highest) / 2
        value = int(middle) if kind == "integer" else round(middle, 2)
        return value if value != default else value + (1 if kind == "integer" else 0.01)
    return "https://models.example/v1" if str(default).startswith("http") else "another"


async def check(page: Page, form: Form, name: str) -> dict[str, Any]:
    """Draw the form, look at it, type into each of its inputs and submit; what was submitted."""
    typed = {path: other_value(field) for path, field in leaves(form["properties"])}
    values = {"_".join(path): value for path, value in typed.items()}
    seen = await page.evaluate(f"tried({json.dumps(form)}, {json.dumps(values)})")
    assert not page.errors and not page.console, name
    assert "Unsupported field" not in seen["text"] and "Facts:" not in seen["text"], (name, seen["text"])
    for options in seen["choices"]:
        assert not any("option" in option.lower() for option in options), (name, options)
    for field_name, field in form["properties"].items():
        assert field["title"] in seen["text"], (name, field_name)
        drawn = seen["fields"][field_name]
        if field.get("type") in ("integer", "number") and "enum" not in field:
            assert drawn["tag"] == "input" and drawn["kind"] == "number", (name, field_name, drawn)
            for bound, side in (("minimum", "min"), ("maximum", "max")):
                assert drawn[side] == (str(field[bound]) if bound in field else ""), (name, field_name, drawn)
        default = field.get("default")
        if default is not None and field.get("type") in ("string", "integer", "number", "boolean"):
            shown = drawn["options"][int(drawn["value"])] if drawn["options"] else drawn["value"]
            same = float(shown) == default if field["type"] in ("integer", "number") else str(shown) == str(default)
            assert same, (name, field_name, drawn)
    assert not seen["untyped"] and not seen["refused"], (name, seen["untyped"], seen["refused"])
    for path, value in typed.items():
        submitted = seen["submitted"]
        for key in path:
            submitted = submitted[key]
        assert submitted == value, (name, path)
    data: dict[str, Any] = seen["submitted"]
    return data


@needs_page
@needs_chromium
@pytest.mark.parametrize("kind", KINDS)
async def test_forms_of_cards(kind: str) -> None:
    async with browser() as chromium:
        page = await chromium.open((BUILT / "page.html").as_uri())
        submitted: dict[str, dict[str, Any]] = {}
        for name, cls, card in cards()[kind]:
            form = card.form_schema()
            assert not {"type", "id"} & form["properties"].keys()
            key = json.dumps(form)
            if key not in submitted:
                submitted[key] = await check(page, form, name)
                if card.notes:
                    assert card.notes not in await page.evaluate("document.body.innerText")
            cls.Parameters(**submitted[key])
        assert submitted


@needs_page
@needs_chromium
async def test_forms_of_settings() -> None:
    async with browser() as chromium:
        page = await chromium.open((BUILT / "page.html").as_uri())
        submitted: dict[str, dict[str, Any]] = {}
        for api, cls in CLASSES.items():
            for card in cls.list_models():
                model = model_of(api, card.name)
                key = json.dumps(form := model.settings_form())
                if key not in submitted:
                    submitted[key] = await check(page, form, f"{api}/{card.name}")
                assert model.with_options(settings=submitted[key]).settings == submitted[key]
        assert len(submitted) > len(CLASSES)


@needs_page
@needs_chromium
async def test_forms_of_credentials() -> None:
    async with browser() as chromium:
        page = await chromium.open((BUILT / "page.html").as_uri())
        for type_name, form in CredentialFactory.list_schemas().items():
            submitted = await check(page, form, type_name)
            CredentialFactory.from_dict({"type": type_name, **submitted})
            assert await page.evaluate("document.getElementById('root_api_key')?.type ?? 'password'") == "password"


@needs_page
@needs_chromium
async def test_a_value_out_of_bounds_is_refused_beside_its_field() -> None:
    async with browser() as chromium:
        page = await chromium.open((BUILT / "page.html").as_uri())
        form = next(card for card in OpenAIChatModel.list_models() if card.name == "gpt-4.1").form_schema()
        seen = await page.evaluate(f"tried({json.dumps(form)}, {{temperature: 3}})")
        assert seen["submitted"] is None and seen["refused"] == ["'Temperature' must be <= 2"]
        assert "must be <= 2" in await page.evaluate("document.body.innerText")


@needs_page
@needs_chromium
async def test_a_field_of_several_kinds_names_them() -> None:
    async with browser() as chromium:
        page = await chromium.open((BUILT / "page.html").as_uri())
        form = next(
            card for card in GeminiChatModel.list_models() if card.name == "gemini-2.5-flash-lite"
        ).form_schema()
        seen = await page.evaluate(f"tried({json.dumps(form)}, {{}})")
        assert ["512 to 24576", "0", "-1"] in seen["choices"]
