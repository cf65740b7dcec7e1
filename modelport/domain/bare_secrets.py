"""Secrets that a text shows by their form alone: keys with the prefix of who issued them, JWTs, private keys, and what
follows words such as `my password is`. Nothing has to name them or to know their values.

The forms are those that the issuers document for secret scanners; a number of random characters must follow a prefix,
so that names in prose and code are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["bare_secrets"]

_ISSUED = re.compile(
    r"(?<![\w-])(?:"
    r"sk-[\w-]{16,512}"  # OpenAI, Anthropic, DashScope, DeepSeek, Moonshot, OpenRouter
    r"|(?:gh[opsur]_|github_pat_|glpat-|hf_|gsk_|xai-|nvapi-|pplx-|r8_|fw_|tgp_|csk-|npm_|pypi-|dckr_pat_)[\w-]{16,512}"
    r"|xox[abeprs]-[\w-]{10,512}|AIza[\w-]{30,64}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"
    r"|(?:sk|pk|rk)_(?:live|test)_\w{16,256}"
    r"|eyJ[\w-]{8,8192}\.[\w-]{8,8192}\.[\w-]{8,8192}"
    r")"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_PEM_END = "-----END"
_LONGEST_PEM = 16_384
_SAID = re.compile(
    r"\b(?:pass(?:word|wort|phrase|code)|pwd|(?:api|access|secret|private) ?key|secret|token|credentials?)\b"
    r"""[ ]?(?:is|are|was|ist|lautet|=|:)[ ]{1,4}["'`]?([^\s"'`<>\\,;]{8,512})""",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"(?=[^\d]{0,8192}\d)(?=[^A-Za-z]{0,8192}[A-Za-z]).+", re.DOTALL)


def bare_secrets(text: str) -> Iterator[str]:
    """The secrets of such forms in a text."""
    for found in _ISSUED.finditer(text):
        if _RANDOM.fullmatch(found[0][4:]):
            yield found[0]
    for found in _PEM.finditer(text):
        end = text.find(_PEM_END, found.end(), found.end() + _LONGEST_PEM)
        if end > 0:
            yield re.sub(r"\s|\\[nr]", "", text[found.end() : end])
    for found in _SAID.finditer(text):
        value = found[1].rstrip(".!?)")
        if _RANDOM.fullmatch(value):
            yield value
