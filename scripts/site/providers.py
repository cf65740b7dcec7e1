"""A page for each provider, from its credential, its cards, its profile and its cassettes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import SecretStr

from modelport import Modelport
from modelport.composition.providers.catalogue import CatalogueEntry
from modelport.credential import CredentialBase
from modelport.provider import Provider, ProviderRegistry

_KINDS: Final = {
    "chat": "Chat",
    "embedding": "Embeddings",
    "tts": "Speech",
    "stt": "Speech to text",
    "realtime": "Voice",
}
_CASSETTES: Final = Path(__file__).parents[2] / "fixtures"
_NEVER_SHOWN: Final = {"id", "name", "type"}


def pages() -> dict[str, str]:
    """The pages by their place in the site, with an overview."""
    registry = ProviderRegistry()
    hub = Modelport.from_mapping({}, environment={})
    entries = hub.catalogue()
    found, rows = {}, []
    for name in registry.names():
        provider = registry.get(name)
        models = [entry for entry in entries if entry.provider == name]
        found[f"providers/{name}.md"] = _page(provider, models)
        kinds = Counter(entry.kind for entry in models)
        counts = " | ".join(str(kinds[kind]) if kinds[kind] else "" for kind in _KINDS)
        rows.append(f"| [{_label(provider)}]({name}.md) | `{name}` | {counts} |")
    head = [
        "# Providers\n",
        "How many models of each kind have a card. A model without one can be used too; it needs a `context_size`",
        "where that matters. Those that are only data are listed with their URLs under",
        "[Providers that are data](../providers.md).\n",
        f"| provider | name in settings | {' | '.join(_KINDS.values())} |",
        "|---|---|" + "---|" * len(_KINDS),
    ]
    return found | {"providers/index.md": "\n".join([*head, *rows, ""])}


def _label(provider: Provider) -> str:
    return provider.label or provider.credential_class().__name__.removesuffix("Credential")


def _page(provider: Provider, models: list[CatalogueEntry]) -> str:
    credential = provider.credential_class()
    lines = ["---\nhide: [toc]\n---\n", f"# {_label(provider)}\n", *_credential(provider, credential)]
    for kind, title in _KINDS.items():
        of_kind = [entry for entry in models if entry.kind == kind]
        classes = _classes(credential, kind)
        if not of_kind and not classes:
            continue
        lines += [f"## {title}\n", "Classes: " + ", ".join(map(_class_link, classes)) + "\n"] if classes else []
        lines += (
            [*_table(kind, of_kind), "", *_sources(of_kind)]
            if of_kind
            else ["No cards: give `context_size` with the model.\n"]
        )
        for cls in classes:
            lines += _parameters(cls)
    return "\n".join([*lines, *_differences(provider), *_verified(provider.name)])


def _credential(provider: Provider, credential: type[CredentialBase]) -> list[str]:
    lines = [f"In settings: `provider: {provider.name}`."]
    if provider.key_variable:
        optional = " The key may be left out." if provider.key_optional else ""
        lines.append(f"Environment variable: `{provider.key_variable}`.{optional}")
    lines += ["", f"| field of `{credential.__name__}` | default | |", "|---|---|---|"]
    for name, field in credential.model_fields.items():
        if name in _NEVER_SHOWN:
            continue
        value = field.get_default()
        shown = "" if value is None or isinstance(value, SecretStr) else f"`{value}`"
        lines.append(f"| `{name}` | {'required' if field.is_required() else shown} | {field.description or ''} |")
    return [*lines, ""]


def _classes(credential: type[CredentialBase], kind: str) -> list[type[Any]]:  # Any: classes of five kinds
    if kind == "embedding":
        found = credential.get_embedding_model_class()
        return [found] if found else []
    return list(getattr(credential, f"get_{kind}_model_classes")())


def _class_link(cls: type[Any]) -> str:  # Any: as above
    return f"`{cls.__name__}`"


def _table(kind: str, entries: Iterable[CatalogueEntry]) -> list[str]:
    if kind != "chat":
        lines = ["| model | status | takes | gives | verified |", "|---|---|---|---|---|"]
        for entry in entries:
            card = entry.card
            takes, gives = _types(card.input_types), _types(card.output_types)
            lines.append(f"| `{card.name}` | {_status(card)} | {takes} | {gives} | {card.verified_on or ''} |")
        return lines
    lines = [
        "| model | status | context | output | takes | thinks | tools | schema | verified |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        card: Any = entry.card  # Any: a chat card, or one of another package
        structured = getattr(card, "structured_output", None)
        cells = [
            f"`{card.name}`",
            _status(card),
            f"{card.context_size or 0:,}",
            f"{card.output_size or 0:,}" if card.output_size else "",
            _types(card.input_types),
            _yes(bool(card.thinking and card.thinking.modes != ["disabled"])),
            _yes(bool(card.tools)),
            _yes(bool(structured and structured.json_schema)),
            str(card.verified_on or ""),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _status(card: Any) -> str:  # Any: cards of five kinds
    ends = f" {card.sunset_on}" if card.sunset_on else ""
    follows = f", then `{card.successor}`" if card.successor else ""
    return f"{card.status}{ends}{follows}"


def _types(types: Iterable[str]) -> str:
    words = {name.split("/")[0] if not name.startswith("application/") else name.split("/")[1] for name in types}
    return ", ".join(sorted(words - {"x-thinking"})).replace("*", "any")


def _sources(entries: Iterable[CatalogueEntry]) -> list[str]:
    """Where the facts of the cards are from, each place once."""
    links: dict[str, None] = {}
    for part in ";".join(str(entry.card.source or "") for entry in entries).split(";"):
        target = part.strip().replace(",", " ").partition(" ")[0]
        if target.startswith("docs/"):
            place = target.removeprefix("docs/")
            links[f"[{place.rpartition('/')[2].replace('.md', '').replace('#', ', ')}](../{place})"] = None
        elif target:
            links[f"<{target}>" if target.startswith("http") else target] = None
    return [f"Sources: {', '.join(links)}.\n"] if links else []


def _parameters(cls: type[Any]) -> list[str]:  # Any: a chat class of any provider
    if not getattr(cls, "Parameters", None) or not cls.Parameters.model_fields:
        return []
    lines = [f"### `{cls.__name__}.Parameters`\n", "| parameter | default | |", "|---|---|---|"]
    for name, field in cls.Parameters.model_fields.items():
        default = "" if field.get_default(call_default_factory=True) is None else f"`{field.get_default()}`"
        lines.append(f"| `{name}` | {default} | {(field.description or '').replace('|', chr(92) + '|')} |")
    return [*lines, ""]


def _differences(provider: Provider) -> list[str]:
    parts: dict[str, Mapping[str, Any]] = {
        "Chat Completions": provider.profile,
        "`/audio/speech`": provider.speech or {},
        "`/audio/transcriptions`": provider.transcription or {},
    }
    lines = []
    for title, profile in parts.items():
        if profile:
            text = yaml.safe_dump(_plain(profile), sort_keys=False, allow_unicode=True, width=100).rstrip()
            lines += [
                f"What differs from {title}, as [a profile](../guides/add-a-provider.md) says it:\n",
                "```yaml",
                text,
                "```\n",
            ]
    return ["## Differences\n", *lines] if lines else []


def _plain(value: Any) -> Any:  # Any: YAML
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple | set | frozenset) else value


def _verified(name: str) -> list[str]:
    folders = [
        folder
        for kind in ("cassettes", "websocket")
        for folder in sorted((_CASSETTES / kind).glob("*"))
        if folder.name == name or folder.name.startswith(f"{name}_")
    ]
    if not folders:
        return []
    lines = ["## How it is verified\n", "The [contract suite](../guides/contract-suite.md) replays these cassettes:\n"]
    for folder in folders:
        origins = Counter(_origin(file) for file in sorted(folder.glob("*.yaml")))
        said = ", ".join(f"{count} {origin}" for origin, count in origins.most_common())
        lines.append(f"* `{folder.name}`: {said}")
    return [*lines, ""]


def _origin(file: Path) -> str:
    with file.open(encoding="utf-8") as text:
        first = next((line for line in text if line.startswith("origin:")), "")
    return "recorded" if "record" in first else "authored"
