"""Illegal generateContent bodies."""

from __future__ import annotations

from modelport.testing.servers.strict.common import Json
from tests.testing.strict.case import ILLEGAL_ROOTS, Case

TEXT: Json = {"text": "hi"}
CALL: Json = {"functionCall": {"id": "c", "name": "look", "args": {}}}
RESPONSE: Json = {"functionResponse": {"id": "c", "name": "look", "response": {"output": "42"}}}
SIGNED: Json = {**CALL, "thoughtSignature": "aGk="}
TOOLS: Json = [{"functionDeclarations": [{"name": "look"}]}]
_JSON: Json = {"responseMimeType": "application/json"}


def user(*parts: Json) -> Json:
    """A content of the user."""
    return {"role": "user", "parts": list(parts) or [TEXT]}


def model(*parts: Json) -> Json:
    """A content of the model."""
    return {"role": "model", "parts": list(parts) or [TEXT]}


def ask(*contents: Json, **fields: Json) -> Json:
    """A body with these contents, or with one plain question."""
    return {"contents": list(contents) or [user()], **fields}


def configured(**config: Json) -> Json:
    """A plain question with generation settings."""
    return ask(generationConfig=config)


def declares(**declaration: Json) -> Json:
    """A plain question with one function."""
    return ask(tools=[{"functionDeclarations": [{"name": "look", **declaration}]}])


def _case(rule: str, body: Json, name: str | None = None) -> Case:
    return Case(rule, body, ("gemini",), name)


def _response(**changes: Json) -> Json:
    return {"functionResponse": {**RESPONSE["functionResponse"], **changes}}


def _media(**data: Json) -> Json:
    return {"inlineData": data}


_NODE: Json = {"type": "object", "properties": {"child": {"$ref": "#/$defs/n"}}}
_RECURSIVE: Json = {**_NODE, "$defs": {"n": _NODE}}
_NAMES: Json = {"mode": "AUTO", "allowedFunctionNames": ["look"]}
_BOTH_TOOLS: Json = [*TOOLS, {"googleSearch": {}}]
_INVOKED: Json = {"includeServerSideToolInvocations": True}

CONTENT_CASES = (
    _case("contents-required", {"contents": []}),
    _case("role-legal", ask(user(), {"role": "assistant", "parts": [TEXT]})),
    _case("first-user", ask(model(), user())),
    _case("call-after-user", ask(user(), model(), model(CALL), user(RESPONSE))),
    _case("parts-required", ask({"role": "user", "parts": []})),
    _case("part-single-data", ask(user({"text": "hi", **_media(mimeType="image/png", data="aGk=")}))),
    _case("part-single-data", ask(user({"thought": True}))),
    _case("part-fields", ask(user({"text": 5}))),
    _case("part-fields", ask(user({"fileData": {"mimeType": "image/png"}}))),
    _case("part-fields", ask(user({**TEXT, "videoMetadata": {"fps": 25}}))),
    _case("inline-data", ask(user(_media(mimeType="image/png", data="data:image/png;base64,aGk=")))),
    _case("inline-data", ask(user(_media(mimeType="audio/pcm;rate=24000", data="aGk=")))),
    _case("inline-data", ask(user(_media(mimeType="image/svg+xml", data="aGk=")))),
    _case("inline-data", ask(user(_media(mimeType="application/zip", data="aGk=")))),
    _case("empty-content", ask(user({"text": " "}))),
    _case(
        "function-call-shape",
        ask(user(), model({"functionCall": {"name": "look", "args": "{}"}}), user(_response(id=None))),
    ),
    _case("function-response-shape", ask(user(), model(CALL), user(_response(response="42")))),
    _case(
        "function-response-parts",
        ask(user(), model(CALL), user(_response(parts=[_media(mimeType="audio/wav", data="aGk=")]))),
    ),
    _case(
        "function-response-parts",
        ask(user(), model(CALL), user(_response(parts=[_media(mimeType="image/png", data="aGk=")]))),
        "gemini-2.5-flash",
    ),
    _case("tool-result-after-call", ask(user(RESPONSE))),
    _case("tool-result-count", ask(user(), model(CALL, CALL), user(RESPONSE))),
    _case("tool-result-count", ask(user(), model(CALL))),
    _case("tool-result-count", ask(user(), model(CALL), user())),
    _case("tool-result-name", ask(user(), model(CALL), user(_response(name="listen")))),
    _case("tool-result-id", ask(user(), model({"functionCall": {"name": "look"}}), user(RESPONSE))),
    _case("tool-result-id", ask(user(), model(CALL), user(_response(id="d")))),
    _case(
        "thought-signature-shape",
        ask(user(), model({**CALL, "thoughtSignature": "not base64!"}), user(RESPONSE)),
    ),
    _case(
        "thought-signature-place",
        ask(
            user(),
            model({"functionCall": {**CALL["functionCall"], "thoughtSignature": "aGk="}}),
            user(RESPONSE),
        ),
    ),
    _case("thought-signature-missing", ask(user(), model(CALL), user(RESPONSE)), "gemini-3-pro-preview"),
    _case(
        "thought-signature-missing",
        ask(user(), model(SIGNED), user(RESPONSE), model(CALL), user(RESPONSE)),
        "gemini-3.5-flash",
    ),
)

REQUEST_CASES = (
    _case("system-instruction", ask(systemInstruction="x")),
    _case("system-instruction", ask(systemInstruction={"parts": [_media(mimeType="image/png", data="aGk=")]})),
    _case("tool-shape", ask(tools={"functionDeclarations": []})),
    _case("tool-shape", declares(parameters="{}")),
    *(_case("tool-schema", declares(parametersJsonSchema=schema)) for schema in ILLEGAL_ROOTS),
    _case("function-name", declares(name="7up")),
    _case("function-name", declares(name="a" * 65)),
    _case("schema-exclusive", declares(parameters={"type": "object"}, parametersJsonSchema={"type": "object"})),
    _case("schema-openapi", declares(parameters={"type": "object", "additionalProperties": False})),
    _case(
        "schema-openapi",
        declares(parameters={"type": "object", "properties": {"a": {"type": ["string", "null"]}}}),
    ),
    _case("schema-openapi", configured(**_JSON, responseSchema={"const": 1})),
    _case("schema-recursive", declares(parametersJsonSchema=_RECURSIVE)),
    _case("schema-needs-json", configured(responseJsonSchema={"type": "object"})),
    _case("tool-config", ask(toolConfig={"functionCallingConfig": {"mode": "REQUIRED"}})),
    _case("allowed-names-mode", ask(tools=TOOLS, toolConfig={"functionCallingConfig": _NAMES})),
    _case("builtin-beside-functions", ask(tools=_BOTH_TOOLS)),
    _case("builtin-model", ask(tools=_BOTH_TOOLS, toolConfig=_INVOKED), "gemini-2.5-flash"),
    _case("safety-settings", ask(safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT"}])),
    _case("field-value", configured(maxOutputTokens="many")),
    _case("field-value", configured(stopSequences="x")),
    _case("field-value", configured(thinkingConfig={"thinkingBudget": -2})),
    _case("thinking-exclusive", configured(thinkingConfig={"thinkingBudget": -1, "thinkingLevel": "low"})),
    _case("thinking-budget-model", configured(thinkingConfig={"thinkingBudget": 0}), "gemini-2.5-pro"),
    _case("thinking-budget-model", configured(thinkingConfig={"thinkingBudget": 1024}), "gemini-3.5-flash"),
    _case("thinking-level-model", configured(thinkingConfig={"thinkingLevel": "minimal"}), "gemini-3.7-flash"),
    _case("thinking-level-model", configured(thinkingConfig={"thinkingLevel": "low"}), "gemini-2.5-flash"),
    _case("json-with-functions-model", ask(tools=TOOLS, generationConfig=_JSON), "gemini-2.5-flash"),
    _case("json-image-model", configured(**_JSON), "gemini-2.5-flash-image"),
    _case("penalty-model", configured(presencePenalty=0.5), "gemini-2.5-flash"),
)

CASES: tuple[Case, ...] = (*CONTENT_CASES, *REQUEST_CASES)
