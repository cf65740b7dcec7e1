"""DashScope's speech synthesis over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ....application.speech.http import HttpTTSModel
from ..credential import DashScopeCredential
from ..parameters import DashScopeTTSParameters
from .http_codec import DashScopeTTSCodec

if TYPE_CHECKING:
    from ....ports.codec.chat import Endpoint

__all__ = ["DashScopeTTSModel"]


class DashScopeTTSModel(HttpTTSModel):
    """Qwen's speech models: WAV, 24,000 samples of 16 bits per second, one channel."""

    Parameters = DashScopeTTSParameters
    type = "dashscope_tts"
    provider: ClassVar[str] = "dashscope"
    card_folder: ClassVar[Path] = Path(__file__).parents[1] / "_models"
    codec = DashScopeTTSCodec()

    def endpoint(self) -> Endpoint:
        """The native services beside the credential's base URL."""
        from ....ports.codec.chat import Endpoint

        credential = self.credential_as(DashScopeCredential)
        return Endpoint(credential.native_url(), credential.auth_headers())
