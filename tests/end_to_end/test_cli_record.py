"""`modelport record`: what is kept of the traffic, and what never is."""

from __future__ import annotations

import yaml

from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from tests.end_to_end.command import SECRET, Home, chunk, streamed

HEADERS = {"set-cookie": "id=1", "openai-organization": "org-x", "x-request-id": "r1", "retry-after": "3"}


def test_keeps_the_traffic_without_who_made_it(home: Home) -> None:
    answer = streamed("Hello")
    answer = ScriptedAnswer(200, {**answer.headers, **HEADERS, "server": "demo/1.0"}, answer.body)
    with ScriptedServer([answer]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("record", "hello", "Say hello", "--model", "main", "--out", "kept")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "wrote kept/hello.yaml: 1 request(s)\n")
    text = (home.folder / "kept" / "hello.yaml").read_text()
    assert not any(word in text for word in (SECRET, "org-x", "cookie", "authorization", "user-agent"))
    cassette = yaml.safe_load(text)
    (interaction,) = cassette["interactions"]
    assert (cassette["origin"], cassette["server"], cassette["version"]) == ("recorded", "127.0.0.1:8080 (demo/1.0)", 1)
    assert {"content-type"} <= set(interaction["request"]["headers"]) <= {"accept", "content-type"}  # not all send both
    assert set(interaction["response"]["headers"]) == {"content-type", "retry-after", "server", "x-request-id"}
    assert "Say hello" in interaction["request"]["body"]
    assert interaction["response"]["body"]["string"].endswith("data: [DONE]\n\n")


def test_refuses_to_write_the_key(home: Home) -> None:
    with ScriptedServer([ScriptedAnswer.sse(chunk(content=SECRET), chunk("stop"), "[DONE]")]).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("record", "leak", "hi", "--model", "main")
    assert ran.returncode == 2
    assert "is not written" in ran.stderr
    assert SECRET not in ran.stderr
    assert not list(home.folder.rglob("leak*"))


def test_records_an_error_and_reports_it(home: Home) -> None:
    answers = [ScriptedAnswer.json({"error": {"message": "too busy"}}, 503)]
    with ScriptedServer(answers).in_thread() as server:
        home.configure(server.base_url)
        ran = home.run("record", "error", "hi", "--model", "main", "--no-stream")
    assert (ran.returncode, "too busy" in ran.stderr) == (1, True)
    cassette = yaml.safe_load((home.folder / "cassettes" / "openai" / "error.yaml").read_text())
    assert [one["response"]["status"]["code"] for one in cassette["interactions"]] == [503]


def test_an_error_does_not_replace_a_good_cassette(home: Home) -> None:
    answers = [streamed("Hello"), ScriptedAnswer.json({"error": {"message": "too busy"}}, 503)]
    with ScriptedServer(answers).in_thread() as server:
        home.configure(server.base_url)
        runs = [home.run("record", "one", "hi", "--model", "main", "--out", "kept") for _ in range(2)]
    assert [ran.returncode for ran in runs] == [0, 1]
    assert "kept/one.yaml is kept as it was" in runs[1].stderr
    assert "Hello" in (home.folder / "kept" / "one.yaml").read_text()
