"""The upload of a file to DashScope's temporary storage, from which a transcription task reads it.

Facts: docs/protocols/speech-to-text.md#dashscope-uploads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...domain.errors import InvalidRequestError, ModelError, ResponseDecodeError
from ...domain.ids import new_id
from ...ports.codec.transcription import UploadTicket
from ...ports.http import HttpRequest
from ..wire.decoder import decode_json_body
from ..wire.errors import ErrorFacts, error_facts, error_in_stream, error_of_answer, read_error
from ..wire.multipart import multipart
from .errors import DASHSCOPE_CODES
from .transcription_tasks import storage_url

if TYPE_CHECKING:
    from ...domain.transcription.transcript import AudioInput
    from ...ports.codec.base import Endpoint

__all__ = ["DashScopeUploads"]

_FIELDS = {
    "OSSAccessKeyId": "oss_access_key_id",
    "Signature": "signature",
    "policy": "policy",
    "x-oss-object-acl": "x_oss_object_acl",
    "x-oss-forbid-overwrite": "x_oss_forbid_overwrite",
}
"""The form's fields, and where their values stand in a policy."""
_CODES = {**DASHSCOPE_CODES, "entitytoolarge": InvalidRequestError}
_NEEDED = ("upload_host", "upload_dir", "policy", "signature", "oss_access_key_id")
_MEGABYTE = 1024 * 1024
_XML = re.compile(r"<(Code|Message)>([^<]{0,2000})</\1>")


class DashScopeUploads:
    """A policy is asked for with the key; the form with the file then goes to the storage without it."""

    def policy(self, endpoint: Endpoint, model: str) -> HttpRequest:
        """The GET of a policy for one file."""
        url = endpoint.url(f"/uploads?action=getPolicy&model={quote(model, safe='')}")
        return HttpRequest("GET", url, dict(endpoint.headers), b"")

    def ticket(self, body: bytes) -> UploadTicket:
        """What a policy allows. Raises `ResponseDecodeError` for a storage that is not the provider's."""
        answer = decode_json_body(body)
        found = answer.get("data") or answer.get("output")
        if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _NEEDED):
            facts = error_facts(answer)
            if facts.explained:
                raise error_in_stream(facts, DASHSCOPE_CODES)
            raise ResponseDecodeError("expected a policy for an upload, got an answer without one")
        most = found.get("max_file_size_mb")
        return UploadTicket(
            url=storage_url(found["upload_host"]),
            folder=found["upload_dir"],
            fields={wire: str(found[name]) for wire, name in _FIELDS.items() if found.get(name) is not None},
            secrets=(found["signature"], found["policy"], found["oss_access_key_id"]),
            max_bytes=int(most) * _MEGABYTE if isinstance(most, int | str) and str(most).isdecimal() else None,
        )

    def upload(self, ticket: UploadTicket, audio: AudioInput) -> tuple[HttpRequest, str]:
        """The POST of the file, and its URL for a task. Raises `InvalidRequestError` for too large a file."""
        if ticket.max_bytes is not None and len(audio.data) > ticket.max_bytes:
            raise InvalidRequestError(
                f"expected at most {ticket.max_bytes:,} bytes of audio for an upload, got {len(audio.data):,}; "
                "compress it, or serve it at a public URL and pass DataBlock.from_url(…)"
            )
        key = f"{ticket.folder}/{new_id()}-{audio.name}"
        fields = [*ticket.fields.items(), ("key", key), ("success_action_status", "200")]
        body, content_type = multipart(fields, [("file", (audio.name, audio.data, audio.media_type))])
        return HttpRequest("POST", ticket.url, {"content-type": content_type}, body), f"oss://{key}"

    def map_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an unsuccessful answer means: JSON of the provider, or XML of the storage."""
        found = dict(_XML.findall(body[:8000].decode("utf-8", "replace")))
        facts = read_error(body)
        if found.get("Code"):
            facts = ErrorFacts(found.get("Message") or facts.message, (found["Code"],), text=facts.text)
        return error_of_answer(status, facts, _CODES)
