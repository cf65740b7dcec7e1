"""Errors of Responses, with an HTTP status or inside a successful answer. Facts: wire/openai-responses, "Errors"."""

from __future__ import annotations

from ....domain.errors import ModelError, ServerError
from ...wire.decoder import Json
from ...wire.errors import ErrorFacts, error_facts, error_in_stream, error_of_answer
from .row import OpenAIResponsesRow

__all__ = ["failed_response", "response_error"]


def response_error(row: OpenAIResponsesRow, facts: ErrorFacts, status: int | None = None) -> ModelError:
    """The error that these facts mean; without a status when the answer itself was successful."""
    message = f"{facts.message}\n{facts.text}".lower()
    named = next((cls for phrase, cls in row.phrases.items() if phrase in message), None)
    if named is not None:
        body = facts.text or None
        return named(facts.message, status_code=status, code=facts.code, request_id=facts.request_id, body=body)
    if status is None:
        return error_in_stream(facts, row.codes)
    return error_of_answer(status, facts, row.codes)


def failed_response(row: OpenAIResponsesRow, response: Json) -> ModelError:
    """The error of a response whose status is `failed`."""
    if not response.get("error"):
        return ServerError("the provider failed to respond and did not say why", code="failed")
    return response_error(row, error_facts({"error": response["error"]}))
