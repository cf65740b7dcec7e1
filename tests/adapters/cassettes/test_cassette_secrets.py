"""No key reaches a cassette, wherever a request or a signed URL carries it, and what was recorded is found again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.cassettes.redact import public_uri
from modelport.error import SettingsError
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.transport import HttpRequest, HttpxTransport, RecordTransport, ReplayTransport

KEY = "sk-9fK2mQ7xL4pW-PlantedWord7"


async def recorded(
    folder: Path, path: str, headers: dict[str, str], body: bytes, answer: bytes, **options: Any
) -> str:  # Any: as RecordTransport takes
    """The cassette of one request, which is replayed once."""
    file = folder / "recorded.yaml"
    async with ScriptedServer([ScriptedAnswer.whole(answer, "application/json")]) as server:
        transport = RecordTransport(HttpxTransport(), file, **options)
        await read(transport, HttpRequest("POST", server.base_url + path, headers, body))
        await transport.aclose()
    again = HttpRequest("POST", "http://127.0.0.1:9" + path, headers, body)
    assert await read(ReplayTransport(file), again)
    return file.read_text()


async def read(transport: Any, request: HttpRequest) -> bytes:  # Any: a transport
    response = await transport.send(request)
    return b"".join([data async for data in response])


SECRET_NAMES = (
    *("key", "apikey", "api-key", "sig", "Signature", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token"),
    *("X-Goog-Signature", "OSSAccessKeyId", "subscription-key", "client_secret", "password", "auth", "access_token"),
)


@pytest.mark.parametrize("name", SECRET_NAMES)
async def test_keys_in_the_address(name: str, tmp_path: Path) -> None:
    text = await recorded(tmp_path, f"/file?a=1&{name}={KEY}", {}, b"{}", f'{{"note": "{KEY}"}}'.encode())
    assert KEY not in text and "/file?a=1\n" in text


@pytest.mark.parametrize("name", ["page_token", "max_tokens", "keyword", "country_code", "design", "author"])
def test_other_names_are_kept(name: str) -> None:
    assert public_uri(f"https://api.example.com/v1?{name}=7") == f"https://api.example.com/v1?{name}=7"


async def test_a_url_signed_anew_is_the_same_request(tmp_path: Path) -> None:
    path = "/file?X-Amz-Date=2026{0}&X-Amz-Signature=abcdef{0}&part=1"
    await recorded(tmp_path, path.format("01"), {}, b"", b"1")
    again = HttpRequest("POST", "http://127.0.0.1:9" + path.format("02"), {}, b"")
    assert await read(ReplayTransport(tmp_path), again) == b"1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-goog-api-key", KEY),
        ("x-api-key", KEY),
        ("Authorization", f"Bearer {KEY}"),
        ("Authorization", "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()),
        ("Authorization", f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/s3, SignedHeaders=host, Signature=0"),
        ("Cookie", f"a=1; session={KEY}; b=2"),
        ("OpenAI-Organization", KEY),
    ],
)
async def test_keys_in_headers_that_the_answer_repeats(name: str, value: str, tmp_path: Path) -> None:
    text = await recorded(tmp_path, "/v1", {name: value}, b"{}", f'{{"note": "{KEY}"}}'.encode())
    assert KEY not in text and "[secret]" in text


async def test_a_key_with_quotes_is_found_in_json(tmp_path: Path) -> None:
    key = 'odd-"key\\of-mine'
    text = await recorded(tmp_path, "/v1", {"x-api-key": key}, b"{}", json.dumps({"note": key}).encode())
    assert "key\\" not in text and "[secret]" in text


@pytest.mark.parametrize(
    "body",
    [
        {"api_key": KEY},
        {"tools": [{"type": "mcp", "authorization": KEY}]},
        {"tools": [{"type": "mcp", "headers": {"Authorization": f"Bearer {KEY}"}}]},
        {"client_secret": {"value": KEY}},
    ],
)
async def test_keys_that_a_body_names(body: dict[str, Any], tmp_path: Path) -> None:
    sent = json.dumps({**body, "input": "Hello"}).encode()
    text = await recorded(tmp_path, "/v1", {}, sent, f'{{"note": "{KEY}"}}'.encode())
    assert KEY not in text and text.count("[secret]") == 2


async def test_the_schema_of_a_parameter_is_no_key(tmp_path: Path) -> None:
    schema = {"properties": {"password": {"type": "string", "description": "What the user remembers"}}}
    sent = json.dumps({"tools": [schema], "secret_santa": "Ada Lovelace"}).encode()
    assert "[secret]" not in await recorded(tmp_path, "/v1", {}, sent, b'{"note": "he remembers a string"}')


@pytest.mark.parametrize("amp", ["&", "\\u0026"])
async def test_signed_urls_in_an_answer(amp: str, tmp_path: Path) -> None:
    url = f"https://files.example.com/a.wav?Expires=1{amp}OSSAccessKeyId={KEY}{amp}Signature={KEY}%3D"
    text = await recorded(tmp_path, "/v1", {}, b"{}", f'{{"audio": {{"url": "{url}"}}}}'.encode())
    assert KEY not in text and text.count("[secret]") == 2 and "Expires=1" in text


@pytest.mark.parametrize(
    ("scrubber", "message"),
    [(lambda entry: None, "gives None; return the entry to write"), (lambda entry: {**entry, "x": object()}, "YAML")],
)
async def test_a_scrubber_that_gives_something_else(scrubber: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        await recorded(tmp_path, "/v1", {}, b"{}", b"1", scrubbers=[scrubber])
    assert not (tmp_path / "recorded.yaml").exists()
