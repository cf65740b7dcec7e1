from pathlib import Path

from modelport_lantern.chat import LanternChatModel, LanternCredential

from modelport.testing import ChatContract, FormatterContract


class TestLanternChat(ChatContract):
    model = LanternChatModel
    credential = LanternCredential(api_key="lantern-key-for-tests")
    cassettes = Path(__file__).parent / "cassettes"


class TestLanternFormatter(FormatterContract):
    chat = TestLanternChat
