"""The settings reference: each key of a settings file, with its type, its default and an example.

`python -m scripts.site.settings > docs/reference/settings.md` writes it; a test compares the page with this.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterator
from typing import Any, Final, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from modelport.settings import Settings

EXAMPLES: Final[dict[str, object]] = {
    "chat": {"careful": {"provider": "openai", "model": "gpt-5.6", "settings": {"thinking": "low"}}},
    "embedding": {"search": {"provider": "openai", "model": "text-embedding-3-small", "batch_size": 100}},
    "tts": {"voice": {"provider": "dashscope", "model": "qwen3-tts-flash", "parameters": {"voice": "Cherry"}}},
    "stt": {"ears": {"provider": "openai", "model": "gpt-transcribe"}},
    "realtime": {"talk": {"provider": "openai", "model": "gpt-realtime-2.1"}},
    "credentials": {"work": {"provider": "openai", "api_key": "${OPENAI_API_KEY}"}},
    "providers": {"lamp": {"base_url": "https://lamp.example/v1", "key_variable": "LAMP_API_KEY"}},
    "cache": {"adapter": "sql", "url": "sqlite+aiosqlite:///~/vectors.db", "max_entries": 1000000},
    "conversations": {"url": "sqlite+aiosqlite:///~/conversations.db"},
    "rate_limits": {"adapter": "in_process", "limits": {"openai/*": {"requests": 500, "tokens": 200000}}},
    "transport": {"adapter": "auto", "proxy": "http://proxy:8080"},
    "media": {"roots": ["~/pictures"], "max_bytes": 10000000},
    "retry": {"max_retries": 5, "max_wait": 300},
    "timeouts": {"first_event": 30, "total": None},
    "limits": {"openai": {"requests": 500, "period": 60}},
}


def page() -> str:
    """The page."""
    lines = [
        "<!-- written by python -m scripts.site.settings -->\n",
        "# Settings reference\n",
        "Every key of a settings file, as the classes that check it declare it. A key that is not listed is an error",
        "with the file and the line. Times are in seconds.\n",
    ]
    for title, path, model in _sections():
        lines += [f"## {title}\n", _text(model), "", *_table(model), *_example(path)]
    return "\n".join(lines)


def _sections() -> Iterator[tuple[str, str, type[BaseModel]]]:
    yield "The file", "", Settings
    seen = {Settings}
    waiting = [("", Settings)]
    while waiting:
        path, model = waiting.pop(0)
        for name, field in model.model_fields.items():
            for inner in _models(field.annotation):
                if inner in seen:
                    continue
                seen.add(inner)
                within = f"{path}{name}" + (".NAME" if get_origin(field.annotation) is dict else "")
                yield f"`{within}`", name, inner
                waiting.append((f"{within}.", inner))


def _models(annotation: Any) -> list[type[BaseModel]]:  # Any: an annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _table(model: type[BaseModel]) -> list[str]:
    lines = ["| key | type | default | |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        description = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{name}` | {_type(field)} | {_default(field)} | {description} |")
    return [*lines, ""]


def _example(name: str) -> list[str]:
    if name not in EXAMPLES:
        return []
    return ["```yaml", yaml.safe_dump({name: EXAMPLES[name]}, sort_keys=False).rstrip(), "```\n"]


def _text(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0]


def _type(field: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(limit, name)}"
        for limit in field.metadata
        for name, sign in _BOUNDS.items()
        if hasattr(limit, name)
    ]
    return f"`{_named(field.annotation)}`".replace("|", "\\|") + (f", {', '.join(bounds)}" if bounds else "")


_BOUNDS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def _named(annotation: Any) -> str:  # Any: an annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(_named, arguments)))
    if origin is typing.Literal:
        return " | ".join(map(str, arguments))
    if origin is typing.Annotated:
        return _named(arguments[0])
    if origin in (dict, list):
        return f"{'map' if origin is dict else 'list'} of {_named(arguments[-1])}"
    if annotation is type(None):
        return "null"
    if annotation is Any:
        return "any"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if isinstance(annotation, type):
        return {"SecretStr": "str", "Path": "path"}.get(annotation.__name__, annotation.__name__)
    return "any"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) or value in ({}, []):
        return ""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    plain = value if isinstance(value, int | float | str | None) else str(value)
    return f"`{yaml.safe_dump(plain).splitlines()[0]}`"


if __name__ == "__main__":
    sys.stdout.write(page())
