"""Times and languages as providers write them, in the one form of transcripts."""

from __future__ import annotations

from math import isfinite

__all__ = ["language_code", "milliseconds", "of_duration"]

_CODES = {
    "afrikaans": "af", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be", "bosnian": "bs",
    "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da",
    "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french": "fr", "galician": "gl",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is",
    "indonesian": "id", "italian": "it", "japanese": "ja", "kannada": "kn", "kazakh": "kk", "korean": "ko",
    "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "maori": "mi", "marathi": "mr",
    "nepali": "ne", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro",
    "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swahili": "sw",
    "swedish": "sv", "tagalog": "tl", "tamil": "ta", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "urdu": "ur", "vietnamese": "vi", "welsh": "cy",
}  # fmt: skip


def milliseconds(seconds: object) -> int | None:
    """Seconds as whole milliseconds; `None` for anything but a number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds):
        return None
    return round(seconds * 1000)


def of_duration(text: object) -> int | None:
    """A duration such as `1.200s` as whole milliseconds; `None` for anything else."""
    if not isinstance(text, str) or not text.endswith("s"):
        return None
    try:
        return milliseconds(float(text[:-1]))
    except ValueError:
        return None


def language_code(word: object) -> str | None:
    """The code of a language that may be written as an English word; codes are kept as they are."""
    if not isinstance(word, str) or not word.strip():
        return None
    return _CODES.get(word.strip().lower(), word.strip())
