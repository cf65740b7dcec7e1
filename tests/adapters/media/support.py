"""What tests of the media loader say often."""

from __future__ import annotations

import pytest

from modelport.adapters.media.loader import HttpMediaLoader
from modelport.domain.errors import MediaError
from modelport.domain.message.blocks import URLSource

PNG = b"\x89PNG and the rest of it"


def source(url: str, media_type: str = "image/png") -> URLSource:
    return URLSource(url=url, media_type=media_type)


async def refusal(loader: HttpMediaLoader, url: str, media_type: str = "image/png") -> str:
    with pytest.raises(MediaError) as caught:
        await loader.load(source(url, media_type))
    return str(caught.value)
