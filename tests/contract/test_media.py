"""Media in requests: one name for each type, legal URLs, and a note where a model or an API does not take them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from modelport.composition.defaults import build_runtime
from modelport.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    Msg,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
    URLSource,
    UserMsg,
)
from modelport.testing.servers.http import ScriptedServer
from tests.cassettes import ask
from tests.contract.origins import ORIGINS, Origin
from tests.contract.origins.origin import STEPS
from tests.contract.sdk_types import sdk_refusals
from tests.contract.wandering import PHOTO, go_on, stored, violations

PLACES = ("user", "assistant", "tool", "agents")
UNKNOWN = ("image/svg+xml", "application/zip", "image/vnd.adobe.photoshop", "application/octet-stream", "model/gltf")
NO_GIF = ("dashscope", "xai")

every_target = pytest.mark.parametrize("target", ORIGINS, ids=str)
every_place = pytest.mark.parametrize("place", PLACES)


def history(block: DataBlock, place: str) -> list[Msg]:
    """A conversation with this block of the user, of the model, of a tool, or of another agent."""
    look, well = UserMsg("user", "Look."), UserMsg("user", "Well?")
    if place == "user":
        return [UserMsg("user", [TextBlock(text="Look."), block])]
    if place == "tool":
        call = ToolCallBlock(id="c1", name="draw", input="{}")
        return [look, AssistantMsg("pilot", [call, ToolResultBlock(id="c1", name="draw", output=[block])]), well]
    return [look, AssistantMsg("pilot", [TextBlock(text="Here."), block]), well]


async def sent(target: Origin, block: DataBlock, place: str) -> tuple[str, list[str]]:
    """The legal request with that block, and the warnings about media."""
    formatter = target.multi_agent() if place == "agents" else None
    body, response = await go_on(target, stored(history(block, place)), [], formatter=formatter)
    assert violations(target, body) == [] and sdk_refusals(target.name, body) == []
    return json.dumps(body, ensure_ascii=False), [w.message for w in response.warnings if w.setting == "data"]


@every_target
@every_place
@pytest.mark.parametrize("media_type", UNKNOWN)
async def test_types_that_no_api_takes_are_announced_with_a_warning(
    target: Origin, place: str, media_type: str
) -> None:
    block = DataBlock(source=Base64Source(data=PHOTO, media_type=media_type), name="/home/ann/secret folder/thing")
    body, warnings = await sent(target, block, place)
    assert PHOTO not in body and "ann" not in body and media_type in body and "thing" in body
    assert len(warnings) == 1 and media_type in warnings[0]


@every_target
@every_place
async def test_gif_is_announced_where_it_is_not_taken(target: Origin, place: str) -> None:
    block = DataBlock(source=Base64Source(data=PHOTO, media_type="image/gif"))
    body, warnings = await sent(target, block, place)
    shown = target.sees_images and target.name not in NO_GIF and place != "assistant"
    assert (PHOTO in body) is shown and len(warnings) == (0 if shown else 1)


FORMS = {
    "lines": "\r\n".join(PHOTO[start : start + 76] for start in range(0, len(PHOTO), 76)) + "\n",
    "blanks": f" {PHOTO[:9]} {PHOTO[9:]}\t",
    "URL-safe": PHOTO.replace("+", "-").replace("/", "_"),
    "no padding": PHOTO.rstrip("="),
}
"""The same picture, as programs write base64."""


@every_target
@every_place
@pytest.mark.parametrize("form", FORMS)
async def test_base64_has_one_form(target: Origin, place: str, form: str) -> None:
    plain, _ = await sent(target, DataBlock(id="b", source=Base64Source(data=PHOTO, media_type="image/png")), place)
    block = DataBlock(id="b", source=Base64Source(data=FORMS[form], media_type="image/png"))
    assert await sent(target, block, place) == (plain, _)


@every_target
@every_place
@pytest.mark.parametrize("data", ["", " ", "@@@ not base64 @@@", "AAA=AAAA", "A", PHOTO + "@@@@"])
async def test_what_is_no_base64_is_announced(target: Origin, place: str, data: str) -> None:
    block = DataBlock(source=Base64Source(data=data, media_type="image/png"))
    body, warnings = await sent(target, block, place)
    assert "image/png" in body and "@" not in body and len(warnings) == 1


@every_target
@pytest.mark.parametrize("name", ["image/PNG", "IMAGE/PNG", "image/x-png", " image/png ", "png"])
async def test_names_of_a_type_are_one(target: Origin, name: str) -> None:
    plain, _ = await sent(target, DataBlock(source=Base64Source(data=PHOTO, media_type="image/png")), "user")
    other, _ = await sent(target, DataBlock(source=Base64Source(data=PHOTO, media_type=name)), "user")
    assert other == plain


@every_target
@every_place
@pytest.mark.parametrize(
    "url", ["file:///home/ann/secret%20folder/a.svg", "https://ann:sesame@h.example/a.svg?key=sesame#sesame"]
)
async def test_announcements_hold_no_path_and_no_secret(target: Origin, place: str, url: str) -> None:
    body, warnings = await sent(target, DataBlock(source=URLSource(url=url)), place)
    assert "ann" not in body and "sesame" not in body and "secret" not in body and "image/svg+xml" in body
    assert ("https://h.example/a.svg" in body) is url.startswith("https") and len(warnings) == 1


@every_target
async def test_urls_are_encoded(target: Origin) -> None:
    url = "https://bücher.example/ein bild/ä%20b.png?größe=1 2"
    body, _ = await sent(target, DataBlock(source=URLSource(url=url)), "user")
    encoded = "https://xn--bcher-kva.example/ein%20bild/%C3%A4%20b.png?gr%C3%B6%C3%9Fe=1%202"
    assert " bild" not in body and "bücher" not in body
    assert encoded in body or PHOTO in body or encoded.partition("?")[0] in body


class _NoLoader:
    async def load(self, source: URLSource) -> Base64Source:
        raise AssertionError(f"{source.url} was fetched")


@every_target
@pytest.mark.parametrize("place", ["user", "tool", "agents"])
async def test_a_model_that_takes_no_images_causes_no_download(target: Origin, place: str) -> None:
    block = DataBlock(source=URLSource(url="https://h.example/a.png"))
    runtime = dataclasses.replace(build_runtime(), media_loader=_NoLoader())
    async with ScriptedServer([target.answer(STEPS[-1])]) as server:
        options: dict[str, Any] = {"formatter": target.multi_agent()} if place == "agents" else {}
        model = target.model(server.base_url, runtime=runtime, **options)
        model.card = model.card.model_copy(update={"input_types": ["text/plain"]})
        response = await ask(model, history(block, place))
    assert [w.setting for w in response.warnings if w.kind == "changed"] == ["data"]


@every_target
async def test_media_of_the_model_itself_are_not_downloaded(target: Origin) -> None:
    block = DataBlock(source=URLSource(url="https://h.example/a.png"))
    runtime = dataclasses.replace(build_runtime(), media_loader=_NoLoader())
    async with ScriptedServer([target.answer(STEPS[-1])]) as server:
        response = await ask(target.model(server.base_url, runtime=runtime), history(block, "assistant"))
    assert [w.setting for w in response.warnings if w.kind == "changed"] == ["data"]
