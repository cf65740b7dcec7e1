"""Content types that contradict what a source says."""

from __future__ import annotations

import pytest

from modelport.adapters.media.media_types import contradicts


class TestTypes:
    @pytest.mark.parametrize(
        ("served", "declared"),
        [
            ("image/jpeg", "image/png"),
            ("", "image/png"),
            ("application/octet-stream", "video/mp4"),
            ("Binary/Octet-Stream", "image/png"),
            ("video/mp4", "audio/mp4"),
            ("application/ogg", "audio/ogg"),
            ("text/plain; charset=utf-8", "text/markdown"),
            ("application/x-pdf", "application/pdf"),
            ("text/html", "text/html"),
        ],
    )
    def test_what_may_be(self, served: str, declared: str) -> None:
        assert not contradicts(served, declared)

    @pytest.mark.parametrize(
        ("served", "declared"),
        [
            ("text/html", "image/png"),
            ("TEXT/HTML; charset=utf-8", "application/pdf"),
            ("text/html", "text/plain"),
            ("application/json", "image/png"),
            ("image/png", "audio/wav"),
            ("video/mp4", "image/gif"),
            ("image/png", "application/pdf"),
        ],
    )
    def test_what_may_not_be(self, served: str, declared: str) -> None:
        assert contradicts(served, declared)
