"""DashScope's speech synthesis over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...application.http_tts import HttpTTSModel
from .credential import DashScopeCredential
from .parameters import DashScopeTTSParameters
from .tts_codec import DashScopeTTSCodec

if TYPE_CHECKING:
    from ...application.codec import Endpoint

__all__ = ["DashScopeTTSModel"]


class DashScopeTTSModel(HttpTTSModel):
    """Qwen's speech models: WAV, 24,000 samples of 16 bits per second, one channel."""

    Parameters = DashScopeTTSParameters
    type = "dashscope_tts"
    provider: ClassVar[str] = "dashscope"
    codec = DashScopeTTSCodec()

    def endpoint(self) -> Endpoint:
        """The native services beside the credential's base URL."""
        from ...application.codec import Endpoint

        credential = self.credential_as(DashScopeCredential)
        return Endpoint(credential.native_url(), credential.auth_headers())
