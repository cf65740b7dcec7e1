"""URLs of servers: which ones are refused before anything is sent."""

from __future__ import annotations

import pytest

from modelport.domain.urls import checked_url


@pytest.mark.parametrize(
    "host", [".com", "a..b", "%zz", '"h"', "256.1.1.1", "1.2.3.4.5", "a." + "x" * 64, "h,i", "{host}", "10.0.0.x.1"]
)
def test_a_host_that_cannot_exist_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"cannot exist|malformed"):
        checked_url(f"https://{host}/v1")


@pytest.mark.parametrize(
    "host", ["h", "a.b.", "my_server", "xn--bcher-kva.example", "bücher.example", "10.0.0.1", "[::1]:8"]
)
def test_other_hosts_are_not(host: str) -> None:
    assert checked_url(f"https://{host}/v1/") == f"https://{host}/v1"
