"""The made-up Lantern API as a provider of Modelport."""

from modelport.provider import Provider

LANTERN = Provider("lantern", "modelport_lantern.chat:LanternCredential", key_variable="LANTERN_API_KEY")
