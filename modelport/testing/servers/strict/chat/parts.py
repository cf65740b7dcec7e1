"""Content parts of Chat Completions messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ..common import (
    Finding,
    Findings,
    Json,
    any_text,
    as_object,
    check_fields,
    data_url_media,
    is_base64,
    is_web_url,
    one_of,
    text_list,
)
from .dialects import Dialect

LONGEST_DEEPSEEK_URL = 8192

PartCheck: TypeAlias = Callable[[Mapping[str, Json], str, Dialect], Findings]


def check_content(content: Json, allowed: frozenset[str], path: str, dialect: Dialect) -> Findings:
    """A string, or a list of parts of the allowed types."""
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        yield Finding("content-shape", path, "content is a string or a list of parts")
        return
    for index, part in enumerate(content):
        yield from check_part(part, allowed, f"{path}[{index}]", dialect)


def check_part(part: Json, allowed: frozenset[str], path: str, dialect: Dialect) -> Findings:
    """One part: its type has to be known here, then its own fields are looked at."""
    if not isinstance(part, dict):
        yield Finding("content-shape", path, "a part is an object")
        return
    kind = str(part.get("type"))
    if kind not in allowed:
        yield Finding("part-type", f"{path}.type", f"part type {kind!r} is not accepted here")
        return
    yield from PART_CHECKS[kind](part, path, dialect)


def _text(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    if any_text(part.get("text")):
        yield Finding("part-fields", f"{path}.text", "a text part needs a string")


def _thinking(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    if not isinstance(part.get("thinking"), str | list):
        yield Finding("part-fields", f"{path}.thinking", "a thinking part needs a string or a list of parts")


def _refusal(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    if any_text(part.get("refusal")):
        yield Finding("part-fields", f"{path}.refusal", "a refusal part needs a string")


def _image(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    image = part.get("image_url")
    if not isinstance(image, dict) or not isinstance(image.get("url"), str):
        yield Finding("part-fields", f"{path}.image_url", "image_url is an object with a url string")
        return
    details = one_of("auto", "low", "high", "original")
    yield from check_fields(image, {"detail": details}, "part-fields", f"{path}.image_url")
    yield from _image_url(image["url"], f"{path}.image_url.url", dialect)


def _image_url(url: str, path: str, dialect: Dialect) -> Findings:
    if dialect.name == "moonshot" and url.startswith("ms://"):
        return
    if is_web_url(url):
        if dialect.name == "moonshot":
            yield Finding("media-inline", path, "media are inlined or named by ms://, not fetched")
        if dialect.name == "deepseek" and len(url) > LONGEST_DEEPSEEK_URL:
            yield Finding("image-url", path, f"a url has at most {LONGEST_DEEPSEEK_URL} characters")
        return
    media = data_url_media(url)
    accepted = dialect.image_types
    legal = media in accepted if accepted is not None else (media or "").startswith("image/")
    if not legal:
        yield Finding("image-url", path, "expected a web URL or a base64 data URL of a known image type")


def _audio(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    audio = as_object(part.get("input_audio"))
    data = audio.get("data")
    if dialect.name == "chat_completions" and (is_web_url(data) or data_url_media(data) is not None):
        return
    if dialect.name == "dashscope":
        # Unlike OpenAI, this server wants a URL of either kind; the media type may be left out.
        if not is_web_url(data) and data_url_media(data) is None:
            yield Finding("audio-part", f"{path}.input_audio.data", "expected a URL or a data URL")
        return
    if not is_base64(data):
        yield Finding("audio-part", f"{path}.input_audio.data", "expected bare base64 without a prefix")
    if audio.get("format") not in ("wav", "mp3"):
        yield Finding("audio-part", f"{path}.input_audio.format", "expected wav or mp3")


def _file(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    # DeepSeek keeps the fields beside the type, OpenAI nests them.
    nested = dialect.name != "deepseek"
    holder = as_object(part.get("file")) if nested else part
    if isinstance(holder.get("file_id"), str):
        return
    inline = data_url_media(holder.get("file_data")) is not None and isinstance(holder.get("filename"), str)
    if not inline:
        yield Finding("file-part", path, "expected file_id, or filename with file_data as a data URL")


def _video_url(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    url = as_object(part.get("video_url")).get("url")
    if not isinstance(url, str):
        yield Finding("video-part", f"{path}.video_url", "video_url is an object with a url string")
    elif is_web_url(url):
        if dialect.name == "moonshot":
            yield Finding("media-inline", f"{path}.video_url.url", "a video is inlined or named by ms://")
    elif url.startswith("ms://") and dialect.name == "moonshot":
        return
    elif not (data_url_media(url) or "").startswith("video/"):
        yield Finding("video-part", f"{path}.video_url.url", "expected a URL or base64 data URL of a video")


def _video_frames(part: Mapping[str, Json], path: str, dialect: Dialect) -> Findings:
    if text_list(part.get("video")) or not part["video"]:
        yield Finding("video-part", f"{path}.video", "video is a list of frame URLs")


PART_CHECKS: Mapping[str, PartCheck] = {
    "text": _text,
    "refusal": _refusal,
    "thinking": _thinking,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "video_url": _video_url,
    "video": _video_frames,
}
