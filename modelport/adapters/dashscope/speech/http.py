"""DashScope's speech synthesis over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ....application.speech.http import HttpTTSModel
from ..parameters import DashScopeTTSParameters
from .http_codec import DashScopeTTSCodec

__all__ = ["DashScopeTTSModel"]


class DashScopeTTSModel(HttpTTSModel):
    """Qwen's speech models: WAV, 24,000 samples of 16 bits per second, one channel."""

    Parameters = DashScopeTTSParameters
    type = "dashscope_tts"
    provider: ClassVar[str] = "dashscope"
    takes_any_key: ClassVar[bool] = False
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"
    codec = DashScopeTTSCodec()
