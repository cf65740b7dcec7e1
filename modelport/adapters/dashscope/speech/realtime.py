"""DashScope's speech synthesis from text that is still being written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ....application.speech.realtime.model import RealtimeTTSModel
from ..parameters import DashScopeCosyVoiceRealtimeTTSParameters, DashScopeRealtimeTTSParameters
from .codecs import CosyVoiceCodec, QwenRealtimeCodec

if TYPE_CHECKING:
    from ....ports.codec.realtime_speech import RealtimeTTSCodec

__all__ = ["DashScopeCosyVoiceRealtimeTTSModel", "DashScopeRealtimeTTSModel"]


class _DashScopeRealtime(RealtimeTTSModel):
    provider: ClassVar[str] = "dashscope"
    takes_any_key: ClassVar[bool] = False
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"


class DashScopeRealtimeTTSModel(_DashScopeRealtime):
    """Qwen's realtime speech models: audio begins while the text is still coming, word by word."""

    Parameters = DashScopeRealtimeTTSParameters
    type = "dashscope_realtime_tts"
    codec: ClassVar[RealtimeTTSCodec] = QwenRealtimeCodec()


class DashScopeCosyVoiceRealtimeTTSModel(_DashScopeRealtime):
    """CosyVoice, Qwen-Audio and Sambert: audio comes by the sentence, and of Sambert once all text is there."""

    Parameters = DashScopeCosyVoiceRealtimeTTSParameters
    type = "dashscope_cosyvoice_realtime_tts"
    codec: ClassVar[RealtimeTTSCodec] = CosyVoiceCodec()
