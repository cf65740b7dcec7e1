"""Finding secrets in text, in every form in which a server, a library or a log may repeat them.

A `SecretFilter` knows the values. It finds them as they are, with any of their characters escaped (JSON, `\\u`, URL,
HTML, also several times over), broken over lines or by spaces, cut off or masked behind a prefix, and in base64 and hex
at any offset, as in `base64(user:password)`. All forms are found in one pass over the text.

`secret_name` tells by its name whether a header, a query parameter, a form field or a JSON member holds a secret, and
`url_secrets` which ones a URL holds.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["HIDDEN", "SecretFilter", "hide_url_secrets", "secret_name", "url_secrets"]

HIDDEN = "[secret]"
"""What stands for a secret."""

_SHORTEST = 7
"""Shorter values, such as `none` or `ollama`, are placeholders; replacing them would damage ordinary words."""
_PREFIX = 8
"""How many first or last characters of a key that was cut off or masked are enough to recognise it."""
_CUT_AFTER = r"(?=\*\*|\.\.\.|\u2026|\\u2026|â\x80¦|[\"'\\]|\Z)"
_CUT_BEFORE = r"(?:(?<=\*\*)|(?<=\.\.\.)|(?<=\u2026)|(?<=\\u2026)|(?<=â\x80¦))"
"""What stands beside the rest of a key that was cut off: a mask, dots, or the end of the text or of a string in it."""
_GAP = r"(?:[\s\u200b]|\\{1,8}[nrt]){0,16}"
_SHORT_ESCAPES = {'"': "&quot;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;"}
_BASE64_TWINS = {"+": r"(?:[+-]|%2[bB])", "/": r"(?:\\{0,8}/|_|%2[fF])"}

# The expressions are compiled when they are first used.

_HIDDEN_NAMES = (
    r"(^|[-_.])(key|sig|auth|secret|pwd|pass|passcode|passphrase)$|^(code|jwt|sas|token|.*signature|.*credentials?)$"
    r"|passw|secret|cookie|authorization|api[-_]?key|access[-_]?key|private[-_]?key|access[-_]?id$|accesskeyid"
    r"|(access|auth|authorization|bearer|client|csrf|id|refresh|security|session)[-_]?(token|secret)|^x-(amz|goog)-"
)
_WITH_CAMELS = r"(?<=[a-z0-9])(?=[A-Z])"
_USERINFO = r"(?<=//)([^/?#@\s\"'<>:]{0,256}):([^/?#\s\"'<>]{1,256})@"
_DATABASE = r"(?!https?:|wss?:)[\w+.-]+://([^:/?#@]*)(:)([^@]*(?:@[^@/?#]*)*)@"
"""Here a password may hold a slash, as SQLAlchemy reads it."""
_USER_ALONE = r"(?<![\w+.-])((?:http|ws)s?://)[^/?#@\s\"'<>:]{1,256}@"
"""A token that is written as the user of a web address."""
_QUERY = r"""([?&;]|&amp;|\\u0026)([\w.\[\]-]{1,64})=([^&\s"'<>\\;#]{1,8192})"""


def secret_name(name: str) -> bool:
    """Whether what has this name is a secret: a header, query parameter, form field or member."""
    return re.search(_HIDDEN_NAMES, re.sub(_WITH_CAMELS, "_", name), re.IGNORECASE) is not None


def url_secrets(url: str) -> list[str]:
    """The password and the secret query values of a URL, as written and decoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    at_database = re.match(_DATABASE, url)
    user, colon, password = at_database.groups() if at_database else parts.netloc.rpartition("@")[0].partition(":")
    found = [password] if colon else []
    if user and not colon and parts.scheme in ("http", "https", "ws", "wss"):
        found.append(user)  # a token that is written as the user
    found += [value for name, value in parse_qsl(parts.query) if secret_name(name)]
    return list(dict.fromkeys(each for value in found for each in (value, unquote(value)) if each))


def hide_url_secrets(text: str) -> str:
    """The text with passwords and secret query values of the URLs in it replaced by `***`, however short they are."""

    def hidden(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}={'***' if secret_name(found[2]) else found[3]}"

    if "@" in text:
        text = re.sub(_USER_ALONE, r"\1***@", re.sub(_USERINFO, r"\1:***@", text))
    return re.sub(_QUERY, hidden, text) if "=" in text else text


class SecretFilter:
    """Finds and replaces known secrets.

    Args:
        secrets: their values; those shorter than `shortest` are ignored.
        shortest: lower it only for texts that are about these secrets, such as a proxy's error.
    """

    def __init__(self, secrets: Iterable[str], shortest: int = _SHORTEST) -> None:
        kept = {secret for secret in secrets if len(secret) >= shortest and secret != HIDDEN}
        self._secrets = sorted(kept, key=lambda secret: (-len(secret), secret))

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def __call__(self, text: str) -> str:
        """The text with every secret replaced."""
        return self._text.sub(HIDDEN, text) if self._secrets and text else text

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where secrets are in UTF-8 encoded text or other data, in order."""
        if not self._secrets:
            return []
        return [found.span() for found in self._octets.finditer(data.decode("latin-1"))]

    def hide(self, value: object) -> object:
        """An exception's argument: a string or bytes with every secret replaced, anything else as it is."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, bytes) and self._secrets:
            return self._octets.sub(HIDDEN, value.decode("latin-1")).encode("latin-1")
        return value

    @cached_property
    def _text(self) -> re.Pattern[str]:
        return _pattern(self._secrets, octets=False)

    @cached_property
    def _octets(self) -> re.Pattern[str]:
        return _pattern(self._secrets, octets=True)


def _pattern(secrets: Sequence[str], *, octets: bool) -> re.Pattern[str]:
    return re.compile("|".join(form for secret in secrets for form in _forms(secret, octets)))


def _forms(secret: str, octets: bool) -> Iterator[str]:
    """The expressions for one secret, the longest first."""
    written = [_written(character, octets) for character in secret]
    yield _GAP.join(written) + r"(?!\*\*)"  # asterisks follow where the server masked a longer key
    yield from _in_base64(secret.encode("utf-8", "surrogatepass"))
    yield "".join(f"[{digit}{digit.upper()}]" for digit in secret.encode("utf-8", "surrogatepass").hex())
    start = max(_PREFIX, len(secret) // 3)
    if start < len(secret) - 1:
        left = len(secret) - 1 - start
        rest = "".join(f"(?:{character}" for character in written[start:-1]) + ")?" * left
        yield "".join(written[:start]) + rest + _CUT_AFTER
        before = "(?:" * left + "".join(f"{character})?" for character in written[1:-start])
        yield _CUT_BEFORE + before + "".join(written[-start:])


def _written(character: str, octets: bool) -> str:
    """Every way in which one character is written."""
    encoded = character.encode("utf-8", "surrogatepass")
    raw = encoded.decode("latin-1") if octets else character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    escaped = "".join(rf"\\{{1,8}}u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4))
    forms = [
        (r"\\{0,8}" if character in "\"'/\\" else "") + re.escape(raw),
        escaped,
        "".join(f"%(?:25){{0,4}}(?i:{octet:02x})" for octet in encoded),
        rf"&\#0{{0,4}}{ord(character)};",
        rf"&\#[xX]0{{0,4}}(?i:{ord(character):x});",
        "".join(rf"\\{{1,8}}x(?i:{octet:02x})" for octet in encoded),
    ]
    if character in _SHORT_ESCAPES:
        forms.append(_SHORT_ESCAPES[character])
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"


def _in_base64(secret: bytes) -> Iterator[str]:
    """Its base64 at each of the three offsets; only the characters that hold nothing but bits of the secret."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + secret).decode().rstrip("=")
        whole = (offset + len(secret)) * 8 // 6
        first = -(-offset * 8 // 6)
        signs = [_BASE64_TWINS.get(sign, re.escape(sign)) for sign in text]
        last = f"(?:{signs[whole]}(?![A-Za-z0-9+/_-]))?" if whole < len(text) else ""
        yield _GAP.join(signs[first:whole]) + last
