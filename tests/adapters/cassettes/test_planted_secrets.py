"""A secret that is planted in any place of a request or an answer is in no cassette, in any form."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.ports.websocket import Frame, WebSocketClosed, WebSocketConnection, WebSocketRejected, WebSocketRequest
from modelport.transport import HttpRequest, HttpResponse, RecordTransport, RecordWebSockets

Place = Callable[[str], dict[str, Any]]
"""What a request is made of: `url`, `headers` and `body`."""
KEY = "sk-Ab_c/d+e=f~01x"

REQUESTS: dict[str, Place] = {
    "bearer": lambda key: {"headers": {"Authorization": f"Bearer {key}"}},
    "basic": lambda key: {"headers": {"authorization": "Basic " + base64.b64encode(f"u:{key}".encode()).decode()}},
    "own header": lambda key: {"headers": {"X-Goog-Api-Key": key}},
    "cookie": lambda key: {"headers": {"cookie": f"a=1; sid={key}; b=2"}},
    "query": lambda key: {"url": f"https://h.test/v1?a=1&api_key={quote(key)}"},
    "signature": lambda key: {"url": f"https://h.test/v1?sig={quote(key)}"},
    "user": lambda key: {"url": f"https://u:{quote(key, safe='')}@h.test/v1"},
    "member": lambda key: {"body": json.dumps({"config": {"api_key": key}})},
    "camel member": lambda key: {"body": json.dumps({"accessToken": key})},
    "header of a tool": lambda key: {"body": json.dumps({"headers": {"Authorization": f"Bearer {key}"}})},
    "header as a pair": lambda key: {"body": json.dumps({"headers": [{"name": "Authorization", "value": key}]})},
    "url in a body": lambda key: {"body": json.dumps({"server_url": f"https://x.test/?token={quote(key)}&b=1"})},
    "url with blob": lambda key: {"body": json.dumps({"a": [{"url": f"https://x.test/a.png?sv=1&sig={quote(key)}"}]})},
    "database": lambda key: {"body": json.dumps({"db": f"postgres://u:{quote(key)}@h/x"})},
    "json in json": lambda key: {"body": json.dumps({"arguments": json.dumps({"password": key})})},
    "json in json in json": lambda key: {"body": json.dumps({"a": json.dumps({"b": json.dumps({"secret": key})})})},
    "url in json in json": lambda key: {"body": json.dumps({"a": json.dumps({"u": f"http://h/?key={quote(key)}"})})},
    "form": lambda key: {"body": urlencode({"grant": "x", "client_secret": key})},
    "multipart": lambda key: {"body": f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{key}\r\n--b--'},
    "fragment": lambda key: {"body": json.dumps({"text": f"https://x.test/cb#access_token={quote(key, safe='')}"})},
    "words": lambda key: {"body": json.dumps({"text": f"export API_KEY={key} and go on"})},
    "header in words": lambda key: {"body": json.dumps({"text": f"curl -H 'x-api-key: {key}' h"})},
    "bearer in words": lambda key: {"body": json.dumps({"text": f"it sends Bearer {key} to h"})},
    "member with hyphens": lambda key: {"body": json.dumps({"Ocp-Apim-Subscription-Key": key})},
    "lines": lambda key: {"body": json.dumps({"a": 1}) + "\n" + json.dumps({"password": key})},
}
ECHOES: dict[str, Callable[[str], bytes]] = {
    "nothing": lambda key: b"{}",
    "text": lambda key: f"your key {key} is wrong".encode(),
    "json": lambda key: json.dumps({"error": {"message": f"key {key}!"}}).encode(),
    "escaped": lambda key: ('{"a": "' + "".join(f"\\u{ord(sign):04x}" for sign in key) + '"}').encode(),
    "json in json": lambda key: json.dumps({"a": json.dumps({"b": key})}).encode(),
    "url": lambda key: json.dumps({"url": f"https://x.test/?q={quote(key, safe='')}"}).encode(),
    "base64": lambda key: json.dumps({"a": base64.b64encode(f"user:{key}".encode()).decode()}).encode(),
    "deltas": lambda key: b"".join(
        b"data: " + json.dumps({"choices": [{"delta": {"content": part}}]}).encode() + b"\n\n"
        for part in ("Yes, ", key[:3], key[3:5], key[5:], " it is")
    ),
}
ANSWERS: dict[str, tuple[Callable[[str], dict[str, str]], Callable[[str], bytes]]] = {
    "request id": (lambda key: {"x-request-id": key}, lambda key: b"{}"),
    "server": (lambda key: {"server": f"https://u:{key}@h"}, lambda key: json.dumps({"api_key": key}).encode()),
    "set cookie": (lambda key: {"set-cookie": f"sid={key}; Path=/"}, lambda key: json.dumps({"a": key}).encode()),
    "member": (lambda key: {}, lambda key: json.dumps({"client_secret": {"value": key, "expires": 1}}).encode()),
    "event": (lambda key: {}, lambda key: b"event: x\ndata: " + json.dumps({"password": key}).encode() + b"\n\n"),
    "signed url": (lambda key: {}, lambda key: json.dumps({"url": f"https://x.test/?sig={quote(key)}"}).encode()),
    "escaped url": (
        lambda key: {},
        lambda key: f'{{"url": "https:\\/\\/x.test\\/?a=1\\u0026Signature={quote(key)}"}}'.encode(),
    ),
    "html": (lambda key: {}, lambda key: f'<a href="https://x.test/?a=1&amp;token={quote(key)}">'.encode()),
    "arguments": (lambda key: {}, lambda key: json.dumps({"input": json.dumps({"password": key})}).encode()),
}
KEYS = st.from_regex(r"[A-Za-z]{3}[-_A-Za-z0-9/+=~.]{8,24}[0-9][a-z]", fullmatch=True)


class Inner:
    """Answers each request with one body."""

    def __init__(self, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self._body = 200, {"content-type": "text/plain", **headers}, body

    async def send(self, request: HttpRequest, on_connected: Callable[[], None] | None = None) -> HttpResponse:
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), 7):
            yield self._body[at : at + 7]

    async def aclose(self) -> None:
        pass


async def cassette(folder: str, asked: dict[str, Any], headers: Mapping[str, str], body: bytes) -> str:
    transport = RecordTransport(Inner(headers, body), folder)
    request = HttpRequest(
        "POST", asked.get("url", "https://h.test/v1"), asked.get("headers", {}), asked.get("body", "").encode()
    )
    response = await transport.send(request)
    assert b"".join([data async for data in response]) == body
    await transport.aclose()
    return (Path(folder) / "recorded.yaml").read_text()


def found(text: str, key: str) -> list[str]:
    """Forms of the secret that are in a cassette, in its text or in what it says."""
    whole = json.dumps(yaml.safe_load(text), default=str)
    plain = whole.replace("\\", "")
    forms = [key, quote(key, safe=""), base64.b64encode(key.encode()).decode()[:-4], key[5:]]
    forms.append("".join(f"u{ord(sign):04x}" for sign in key))
    return [form for form in forms if form in plain or form in text]


@pytest.mark.parametrize("place", REQUESTS)
@pytest.mark.parametrize("echo", ECHOES)
async def test_every_place_and_every_echo(place: str, echo: str, tmp_path: Path) -> None:
    text = await cassette(str(tmp_path), REQUESTS[place](KEY), {}, ECHOES[echo](KEY))
    assert found(text, KEY) == [] and (echo == "nothing" or "[secret]" in text)


@pytest.mark.parametrize("place", REQUESTS)
async def test_a_key_that_is_cut_by_its_own_signs(place: str, tmp_path: Path) -> None:
    key = "AbC1x/2y3z4Q0a=/7"
    text = await cassette(str(tmp_path), REQUESTS[place](key), {}, ECHOES["deltas"](key))
    assert found(text, key) == []


@pytest.mark.parametrize("place", ANSWERS)
async def test_every_place_of_an_answer(place: str, tmp_path: Path) -> None:
    headers, body = ANSWERS[place]
    asked = {"headers": {"x-api-key": KEY}} if place == "request id" else {}
    text = await cassette(str(tmp_path), asked, headers(KEY), body(KEY))
    assert found(text, KEY) == [] and "[secret]" in text


@settings(max_examples=40)
@given(KEYS, st.sampled_from(sorted(REQUESTS)), st.sampled_from(sorted(ECHOES)))
def test_secrets_of_requests(key: str, place: str, echo: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(cassette(folder, REQUESTS[place](key), {}, ECHOES[echo](key)))
    assert found(text, key) == []


class Talk:
    """A connection on which these messages are received."""

    def __init__(self, *frames: Frame) -> None:
        self._frames = list(frames)

    async def send(self, frame: Frame) -> None:
        pass

    async def receive(self) -> Frame:
        if not self._frames:
            raise WebSocketClosed(1011, f"see {self.reason}")
        return self._frames.pop(0)

    reason = ""

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        pass


class Connector:
    """Opens that connection, or refuses it."""

    def __init__(self, talk: Talk | WebSocketRejected) -> None:
        self._talk = talk

    async def connect(self, request: WebSocketRequest) -> WebSocketConnection:
        if isinstance(self._talk, WebSocketRejected):
            raise self._talk
        return self._talk

    async def aclose(self) -> None:
        pass


async def conversation(folder: str, request: WebSocketRequest, sent: list[str], talk: Talk | WebSocketRejected) -> str:
    connector = RecordWebSockets(Connector(talk), folder)
    try:
        connection = await connector.connect(request)
    except WebSocketRejected:
        pass
    else:
        for frame in sent:
            await connection.send(frame)
        with pytest.raises(WebSocketClosed):
            while True:
                await connection.receive()
        await connection.aclose()
    await connector.aclose()
    return (Path(folder) / "recorded.websocket.yaml").read_text()


FRAMES: dict[str, Callable[[str], list[str]]] = {
    name: (lambda key, place=place: [place(key)["body"]])  # type: ignore[misc]  # a default binds the place
    for name, place in REQUESTS.items()
    if "body" in place("k") and name not in ("form", "multipart", "lines")
}


@settings(max_examples=30)
@given(KEYS, st.sampled_from([*sorted(FRAMES), "header", "url", "user"]), st.booleans())
def test_secrets_of_conversations(key: str, place: str, refused: bool) -> None:
    request = {
        "header": WebSocketRequest("wss://h.test/a", {"Authorization": f"bearer {key}"}),
        "url": WebSocketRequest(f"wss://h.test/a?token={quote(key)}"),
        "user": WebSocketRequest(f"wss://u:{quote(key, safe='')}@h.test/a"),
    }.get(place, WebSocketRequest("wss://h.test/a"))
    sent = FRAMES[place](key) if place in FRAMES else ["{}"]
    talk: Talk | WebSocketRejected
    if refused and place not in FRAMES:
        talk = WebSocketRejected(401, {"x-request-id": key}, ECHOES["json"](key))
    else:
        talk = Talk(
            *(echo(key).decode() for echo in ECHOES.values()), json.dumps({"a": key[:4]}), json.dumps({"a": key[4:]})
        )
        talk.reason = key
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(conversation(folder, request, sent, talk))
    assert found(text, key) == []


BARE = {
    "openai": "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2",
    "anthropic": "sk-ant-api03-a1B2c3D4e5F6g7H8i9J0",
    "github": "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "gitlab": "glpat-a1B2c3D4e5F6g7H8i9J0",
    "google": "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "aws": "AKIA0A1B2C3D4E5F6G7H",
    "slack": "xoxb-123456789012-a1B2c3D4e5F6",
    "hugging face": "hf_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5NXgL0n3I9PlFUP0THsR8U",
}
"""Made up, in the forms of their issuers."""
SENTENCES: dict[str, Callable[[str], dict[str, Any]]] = {
    "alone": lambda key: {"content": key},
    "in prose": lambda key: {"content": f"I put {key} into the file, is that right?"},
    "in code": lambda key: {"content": f"```\nclient = Client('{key}')\n```"},
    "in json": lambda key: {"arguments": json.dumps({"text": f"see {key}."})},
}


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("issuer", BARE)
async def test_a_key_that_nothing_names_is_known_by_its_form(issuer: str, sentence: str, tmp_path: Path) -> None:
    key = BARE[issuer]
    body = json.dumps(SENTENCES[sentence](key))
    text = await cassette(str(tmp_path), {"body": body}, {}, body.encode())
    assert found(text, key) == [] and text.count("[secret]") == 2
    deltas = "".join(f"data: {json.dumps({'delta': part})}\n\n" for part in ("Use ", key[:7], key[7:15], key[15:], "!"))
    text = await cassette(str(tmp_path / "stream"), {}, {}, deltas.encode())
    assert found(text, key) == [] and "[secret]" in text
    sent = [json.dumps({"text": part}) for part in (key[:9], key[9:])]
    talk = Talk(body, *(json.dumps({"delta": part}) for part in (key[:5], key[5:])))
    talk.reason = f"wrong key {key}"
    text = await conversation(str(tmp_path / "talk"), WebSocketRequest("wss://h.test/a"), [*sent, body], talk)
    assert found(text, key) == [] and "[secret]" in text


async def test_a_private_key_is_known_by_its_form(tmp_path: Path) -> None:
    lines = ["MIIEowIBAAKCAQEA0a1b2c3d4e5f6g7h8i9j", "k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8"]
    pem = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----"])
    text = await cassette(
        str(tmp_path), {"body": json.dumps({"content": f"Use\n{pem}"})}, {}, json.dumps([pem]).encode()
    )
    assert not any(line in text for line in lines)


@pytest.mark.parametrize(
    "words", ["my password is {}", "Passwort: {}.", "the API key is `{}`", "secret = {}", "token: {}"]
)
async def test_what_words_call_a_secret_is_one(words: str, tmp_path: Path) -> None:
    body = json.dumps({"content": words.format("Open5esame")})
    text = await cassette(str(tmp_path), {"body": body}, {}, body.encode())
    assert "Open5esame" not in text and text.count("[secret]") == 2


@pytest.mark.parametrize("name", ["x-tenant", "x-session", "x-whatever-it-is", "tenant"])
async def test_a_key_in_an_unusual_header_is_one(name: str, tmp_path: Path) -> None:
    asked = {"headers": {name: "acme-0123456789-secret", "content-type": "text/plain; a=b1234567890123"}}
    answer = b'{"tenant": "acme-0123456789-secret", "type": "text/plain"}'
    text = await cassette(str(tmp_path), asked, {"x-tenant": "acme-0123456789-secret"}, answer)
    assert "0123456789" not in text.replace("b1234567890123", "") and "text/plain" in text


def test_what_only_looks_like_a_secret_is_kept() -> None:
    body = {
        "choices": [{"logprobs": {"content": [{"token": "Understanding1", "logprob": -1.0}]}}],
        "content": [{"type": "thinking", "signature": "EqRkAbCd0123456789=="}],
        "usage": {"max_tokens": 10, "tokens": "many-of-them-123"},
        "schema": {"properties": {"password": {"type": "string", "description": "at least 12345678"}}},
        "authorization": "required",
        "keyword": "Schlüsselwort-2026",
        "url": "https://x.test/?page_token=abcdefgh1&q=what?",
        "text": "sk-learn-is-a-library-for-python, task-0123456789abcdefgh; the token is important, my secret is out",
        "ids": ["resp_0a1b2c3d4e5f6a7b8c9d", "chatcmpl-0a1b2c3d4e5f6a7b", "call_0a1b2c3d4e5f6a7b", "msg_01AbCdEf0123"],
    }
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(cassette(folder, {}, {}, json.dumps(body).encode()))
    assert json.loads(yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"]) == body
