"""The client against a server on this machine that misbehaves in every way we know.

Which test is for which misbehaviour:

- slow, silent, cut mid-body, compressed stream cut, truncated JSON: ``test_damage_and_slowness…``,
  and cut once, then whole: ``test_an_answer_cut_once…``, ``test_a_large_file…``
- 429 with each kind of Retry-After: ``test_retry_after_in_every_form``; with none that helps:
  ``test_a_wait_beyond_patience…``, ``test_waiting_in_all_is_bounded``
- 500, then good: ``test_passing_trouble_is_repeated``
- HTML with 200, and saying it is JSON; another content type: ``test_html_that_claims…``,
  ``test_another_media_type…``
- compression bomb, length beyond the limit: ``test_a_compression_bomb…``,
  ``test_an_announced_length…``
- redirect to another host, to plain http, in a circle: ``test_redirects_stay…``
- a key echoed in error bodies, redirects and good answers: ``test_no_key_in_any_message…`` here,
  and through a whole fetch with its sidecar ``test_plan.test_a_key_is_in_no_output…``
- duplicate rows: ``test_comtrade.test_duplicates…``, ``test_census.test_duplicates…``
- 500-row truncation: ``test_comtrade.test_an_answer_cut_at_500…``
- two at once: ``test_two_…`` here, and processes in ``test_resume``

Fixtures: synthetic.
"""

import email.utils
import gzip
import logging
import os
import shutil
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from marketintel.errors import SourceError, UsageError
from marketintel.sources.http import provider as settings
from marketintel.sources.http.answers import AnswerStore
from marketintel.sources.http.client import Client
from marketintel.sources.http.provider import MIB, Provider
from marketintel.sources.http.retry import RetryLater
from tests.sources.server import FakeClock, Reply, Request, Server

KEY = "s3cret+key/0123456789=="
PROVIDER = Provider(
    "demo", "https://example.org", min_interval_s=0, body_s=5, read_s=2, patience_s=100,
    key_env="DEMO_KEY", key_header="X-Key",
)  # fmt: skip


def client(server: Server, clock: FakeClock | None = None, **changed: object) -> Client:
    store = changed.pop("store", None)
    provider = replace(PROVIDER, base=server.url, **changed)  # type: ignore[arg-type]
    return Client(provider, store, clock or FakeClock())  # type: ignore[arg-type]


def refusal(server: Server, path: str, **options: object) -> str:
    """The one line with which a request fails."""
    changed = {k: options.pop(k) for k in ("body_s", "read_s", "max_bytes") if k in options}
    with client(server, **changed) as c, pytest.raises(SourceError) as caught:
        c.get(path, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("demo: ")
    assert "; " in line, "says what to do"
    return line


def test_a_good_answer_and_how_we_introduce_ourselves() -> None:
    with Server() as server, client(server) as c:
        server.add("/data", json={"rows": [1, 2]}, gzipped=True, chunked=True)
        answer = c.get("/data", {"period": ["2024", "2025"], "x": 1})
        assert answer.json() == {"rows": [1, 2]}
        assert answer.url == f"{server.url}/data?period=2024,2025&x=1"
        assert server.requests[0].headers["User-Agent"].startswith("marketintel/")
        assert server.requests[0].headers["Accept-Encoding"] == "gzip"


def test_no_content_is_an_answer_where_the_connector_says_so() -> None:
    with Server() as server, client(server) as c:
        server.add("/none", status=204)
        answer = c.get("/none", accept=(200, 204))
        assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_trouble_is_repeated(status: int) -> None:
    clock = FakeClock()
    with Server() as server, client(server, clock) as c:
        server.add("/x", status=status).then(status=status).then(json={"good": True})
        assert c.get("/x").json() == {"good": True}
        assert c.requests_sent == 3
        assert clock.slept[1] >= 2, "backoff grows"


def in_ten_seconds() -> str:
    return email.utils.formatdate(time.time() + 10, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "body", "least", "most"),
    [
        ({"Retry-After": "7"}, b"", 7, 7),
        ({"Retry-After": "date"}, b"", 8, 10.1),
        ({}, b'{"statusCode": 429, "message": "Rate limit is exceeded. Try again in 9 seconds."}',
         9, 9),
        ({"Retry-After": "soon"}, b"", 0, 3),
        ({"Retry-After": "-5"}, b"", 0, 3),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"", 0, 0),
    ],
    ids=["seconds", "date", "sentence", "nonsense", "negative", "past date"],
)  # fmt: skip
def test_retry_after_in_every_form(
    headers: dict[str, str], body: bytes, least: float, most: float
) -> None:
    clock = FakeClock()
    if headers.get("Retry-After") == "date":
        headers = {"Retry-After": in_ten_seconds()}
    with Server() as server, client(server, clock) as c:
        server.add("/x", status=429, headers=headers, body=body).then(json={})
        c.get("/x")
        assert least <= clock.slept[0] <= most


def test_where_there_is_no_way_to_a_host_it_is_asked_only_twice() -> None:
    clock = FakeClock()
    with Client(Provider("far", "https://nowhere.invalid"), clock=clock) as c:
        with pytest.raises(
            SourceError, match=r"cannot reach nowhere\.invalid .*check the connection"
        ):
            c.get("/x")
        assert c.requests_sent == 2
        assert sum(clock.slept) < 5


def test_a_wait_beyond_patience_is_refused_not_slept() -> None:
    clock = FakeClock()
    with Server() as server, client(server, clock) as c:
        server.add("/x", status=429, headers={"Retry-After": "86400"})
        with pytest.raises(SourceError, match="86400 s would go beyond the limit of 100 s"):
            c.get("/x")
        assert clock.slept == []
        assert c.requests_sent == 1


def test_waiting_in_all_is_bounded() -> None:
    clock = FakeClock()
    with Server() as server, client(server, clock, attempts=50) as c:
        server.add("/x", status=503, headers={"Retry-After": "30"})
        with pytest.raises(SourceError, match="limit of 100 s"):
            c.get("/x")
        assert clock.at <= 100


def test_a_host_is_not_asked_faster_than_agreed() -> None:
    clock = FakeClock()
    with Server() as server:
        server.add("/x", json={})
        for _ in range(2):  # the pace belongs to the host, not to one client
            with client(server, clock, min_interval_s=1.5) as c:
                c.get("/x")
                c.get("/x")
        assert clock.slept == [1.5, 1.5, 1.5]


def test_the_pace_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETINTEL_DEMO_INTERVAL_S", "0.25")
    monkeypatch.setenv("MARKETINTEL_DEMO_URL", "http://127.0.0.1:9")
    changed = PROVIDER.configured()
    assert (changed.min_interval_s, changed.base) == (0.25, "http://127.0.0.1:9")
    monkeypatch.setenv("MARKETINTEL_DEMO_INTERVAL_S", "often")
    with pytest.raises(UsageError, match="MARKETINTEL_DEMO_INTERVAL_S='often'"):
        PROVIDER.configured()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({"json": {"a": "b" * 500}, "cut_after": 100}, "cut off after 100 bytes"),
        ({"json": {"a": "b" * 500}, "cut_after": 100, "chunked": True}, "cut off after 100 bytes"),
        ({"body": gzip.compress(b"x" * 5000)[:-9], "headers": {"Content-Encoding": "gzip"},
          "content_type": "text/csv"}, "stops before its end"),
        ({"body": b'{"count": 3, "data": [{"a"', "content_type": "application/json"},
         "not whole JSON (26 bytes"),
        ({"body": b"x", "content_type": "text/csv", "headers": {"Content-Encoding": "br"}},
         "compressed as 'br'"),
        ({"json": {"a": "b" * 100}, "drip_s": 0.05}, "not complete after 0.2 s"),
        ({"drip_headers_s": 0.02}, "no answer within 0.2 s"),
        ({"json": {}, "delay_s": 3}, "no answer within 0.15 s"),
    ],
    ids=["cut", "cut chunked", "gzip cut", "truncated JSON", "unasked coding",
         "slow body", "slow headers", "silence"],
)  # fmt: skip
def test_damage_and_slowness_are_seen_and_given_up_after_three_attempts(
    reply: dict[str, object], says: str, tmp_path: Path
) -> None:
    store = AnswerStore(tmp_path)
    limits = (
        {"body_s": 0.2, "read_s": 0.15} if ("drip" in str(reply) or "delay" in str(reply)) else {}
    )
    with Server() as server:
        server.add("/x", **reply)
        began = time.monotonic()
        with client(server, store=store, **limits) as c, pytest.raises(SourceError) as caught:
            c.get("/x", expect="any" if "text/csv" in str(reply) else "json")
        assert says in str(caught.value)
        assert len(server.requests) == 3
        assert time.monotonic() - began < 5
    assert not list(tmp_path.rglob("*.gz")), "failures are never kept"


def test_an_answer_cut_once_is_asked_for_again() -> None:
    with Server() as server, client(server) as c:
        server.add("/x", json={"a": "b" * 500}, cut_after=100).then(json={"whole": 1})
        assert c.get("/x").json() == {"whole": 1}


def test_a_compression_bomb_is_refused_at_its_limit() -> None:
    with Server() as server:
        server.add("/x", body=b"0" * (64 * MIB), gzipped=True, content_type="application/json")
        line = refusal(server, "/x", max_bytes=MIB)
        assert "larger than agreed (more than 1,048,576 bytes after decompression)" in line
        assert "MARKETINTEL_DEMO_MAX_BYTES" in line
        assert len(server.requests) == 1, "asking again would not help"


def test_an_announced_length_beyond_the_limit_is_not_read() -> None:
    with Server() as server:
        server.add("/x", body=b"0" * 2000, content_type="application/json")
        assert "2,000 bytes announced" in refusal(server, "/x", max_bytes=1000)


def test_several_gzip_members_are_one_body() -> None:
    with Server() as server, client(server) as c:
        body = gzip.compress(b'{"a": "' + b"x" * 200_000) + gzip.compress(b'"}')
        server.add("/x", body=body, headers={"Content-Encoding": "gzip"},
                   content_type="application/json")  # fmt: skip
        assert len(c.get("/x").json()["a"]) == 200_000


@pytest.mark.parametrize("media", ["text/html", "image/png", ""])
def test_another_media_type_than_expected_stops(media: str) -> None:
    with Server() as server:
        page = b"<html><style>b{}</style><title>Sorry</title><p>under maintenance</p></html>"
        server.add("/x", body=page, content_type=media or " ")
        line = refusal(server, "/x")
        assert f"answered with {media or 'text/html'} where application/json was expected" in line
        assert "Sorry under maintenance" in line


def test_html_that_claims_to_be_json_stops() -> None:
    with Server() as server:
        server.add("/x", body=b"<html>no</html>", content_type="application/json")
        assert "not whole JSON" in refusal(server, "/x")


@pytest.mark.parametrize(
    ("status", "says", "todo"),
    [
        (400, "HTTP 400: you said it wrong", "check the parameters"),
        (401, "HTTP 401", "set or renew DEMO_KEY"),
        (403, "HTTP 403", "set or renew DEMO_KEY"),
        (404, "HTTP 404", "check the parameters"),
        (418, "HTTP 418", "check the parameters"),
    ],
)
def test_refusals_are_not_repeated_and_say_what_to_do(status: int, says: str, todo: str) -> None:
    with Server() as server:
        server.add("/x", status=status, json={"message": "you said it wrong"})
        line = refusal(server, "/x")
        assert says in line
        assert todo in line
        assert len(server.requests) == 1


def test_redirects_stay_with_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_KEY", KEY)
    with Server() as server, Server() as other:
        server.add("/old", status=302, headers={"Location": "/new"})
        server.add("/new", json={"here": 1})
        server.add("/away", status=302, headers={"Location": "https://elsewhere.example/x"})
        server.add("/plain", status=302, headers={"Location": "http://example.org/x"})
        server.add("/circle", status=302, headers={"Location": "/circle"})
        server.add("/port", status=307, headers={"Location": f"{other.url}/there"})
        other.add("/there", json={"there": 1})
        with client(server) as c:
            assert c.get("/old").json() == {"here": 1}
            assert c.get("/port").json() == {"there": 1}
        assert server.requests[1].headers["X-Key"] == KEY
        assert "X-Key" not in other.requests[0].headers, "a key stays at home"
        assert "elsewhere.example, which is not one of its hosts" in refusal(server, "/away")
        assert "example.org, which is not one of its hosts" in refusal(server, "/plain")
        assert "redirects in a circle" in refusal(server, "/circle")


def test_plain_http_only_to_this_machine() -> None:
    with Client(replace(PROVIDER, base="http://example.org"), clock=FakeClock()) as c:
        with pytest.raises(SourceError, match="without encryption"):
            c.get("/x")
        with pytest.raises(SourceError, match="not one of its hosts"):
            c.get("https://127.0.0.1/x")


def test_nobody_there() -> None:
    with Server() as server:
        url = server.url
    with (
        Client(replace(PROVIDER, base=url), clock=FakeClock()) as c,
        pytest.raises(SourceError, match=r"demo: cannot reach 127.0.0.1 .*6 attempts"),
    ):
        c.get("/x")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_an_unproven_certificate_is_refused_even_if_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The client hangs up; that is the point."""

    server = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        base = f"https://127.0.0.1:{server.server_address[1]}"
        with (
            Client(replace(PROVIDER, base=base), clock=FakeClock()) as c,
            pytest.raises(SourceError, match="could not prove its identity"),
        ):
            c.get("/x")
        assert c.requests_sent == 1
    finally:
        server.shutdown()
        server.server_close()


def test_a_connector_refuses_an_error_that_came_with_status_200(tmp_path: Path) -> None:
    def check(answer: object) -> None:
        raise SourceError("demo: indicator not found; choose another")

    with Server() as server:
        server.add("/x", json=[{"message": "no"}])
        with client(server, store=AnswerStore(tmp_path)) as c:
            for _ in range(2):
                with pytest.raises(SourceError, match="indicator not found"):
                    c.get("/x", check=check)
        assert len(server.requests) == 2, "a failure is asked again, not remembered"


def test_a_connector_asks_to_repeat() -> None:
    clock = FakeClock()

    def check(answer: object) -> None:
        if answer.json() == "queued":  # type: ignore[attr-defined]
            raise RetryLater("still queued", 4)

    with Server() as server, client(server, clock) as c:
        server.add("/x", json="queued").then(json="done")
        assert c.get("/x", check=check).json() == "done"
        assert clock.slept == [4]


def test_an_answer_is_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    with Server() as server:
        server.add("/x", json={"v": 1}).then(json={"v": 2})
        with client(server, store=store) as c:
            first = c.get("/x", {"a": "1"})
            again = c.get("/x", {"a": "1"})
            assert (again.body, again.retrieved_at.replace(microsecond=0), again.from_store) == (
                first.body, first.retrieved_at.replace(microsecond=0), True)  # fmt: skip
            assert (c.requests_sent, c.reused) == (1, 1)
            assert c.get("/x", {"a": "1"}, max_age_s=-1).json() == {"v": 2}, "too old: asked again"
        kept = next(tmp_path.rglob("*.gz"))
        kept.write_bytes(kept.read_bytes()[:-4])
        with client(server, store=store) as c:
            c.get("/x", {"a": "1"})
            assert c.requests_sent == 1, "a damaged kept answer is no answer"
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_a_large_file_goes_to_disk_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "BACI.zip"
    body = bytes(range(256)) * 8192
    with Server() as server, client(server) as c:
        server.add("/zip", body=body, content_type="application/zip", cut_after=1000).then(
            body=body, content_type="application/zip"
        )
        c.get("/zip", expect="zip", to_file=target)
        assert target.read_bytes() == body
        server.add("/cut", body=body, content_type="application/zip", cut_after=1000)
        with pytest.raises(SourceError, match="cut off after"):
            c.get("/cut", expect="zip", to_file=tmp_path / "other.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["BACI.zip"]


def test_two_that_write_one_large_file_do_not_meet_and_old_remains_go(tmp_path: Path) -> None:
    target = tmp_path / "BACI.zip"
    remains = tmp_path / ".BACI.zip.abc.part"
    for part, age in ((remains, 90_000), (tmp_path / ".BACI.zip.new.part", 0)):
        part.write_bytes(b"half")
        os.utime(part, (time.time() - age,) * 2)
    body = bytes(range(256)) * 400
    with Server() as server:
        server.route("/zip", lambda _: Reply(body=body, content_type="application/zip"))

        def work(_: int) -> bool:
            with client(server) as c:
                for _ in range(5):
                    c.get("/zip", expect="zip", to_file=target)
            return target.read_bytes() == body

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(work, range(4)))
    assert sorted(p.name for p in tmp_path.iterdir()) == [".BACI.zip.new.part", "BACI.zip"]


def test_two_processes_worth_of_clients_share_a_store(tmp_path: Path) -> None:
    with Server() as server:
        server.route("/", lambda request: Reply(json={"path": request.path}))

        def work(_: int) -> list[dict[str, str]]:
            with client(server, store=AnswerStore(tmp_path)) as c:
                return [c.get(f"/{n}").json() for n in range(20)]

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(work, range(4)))
    assert results == [[{"path": f"/{n}"} for n in range(20)]] * 4
    assert len(list(tmp_path.rglob("*.gz"))) == 20
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "carrier", [{"key_header": "X-Key"}, {"key_header": None, "key_param": "key"}]
)
def test_no_key_in_any_message_log_or_file(
    carrier: dict[str, str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DEMO_KEY", KEY)
    caplog.set_level(logging.DEBUG)

    def echo(request: Request) -> Reply:
        said = f"bad {request.path}: {request.headers.get('X-Key')} {request.query.get('key')}"
        status = int(request.path.strip("/"))
        if status == 302:
            where = f"https://elsewhere.example/{KEY}?key={request.query.get('key', KEY)}"
            return Reply(302, headers={"Location": where})
        if status == 206:
            return Reply(200, body=said.encode(), content_type="text/html")
        return Reply(status, json={"message": said, "key": KEY})

    with Server() as server:
        server.route("/", echo)
        seen = []
        with client(server, store=AnswerStore(tmp_path), attempts=2, **carrier) as c:
            good = c.get("/200")
            for status in (206, 302, 400, 401, 403, 404, 429, 500):
                with pytest.raises(SourceError) as caught:
                    c.get(f"/{status}")
                seen.append(str(caught.value))
                seen += [str(e) for e in (caught.value.__cause__, caught.value.__context__) if e]
        sent = server.requests[0]
        assert KEY in (sent.headers.get("X-Key"), sent.query.get("key")), "it was sent"
        assert b"***" in good.body
    with Client(
        replace(PROVIDER, base=server.url, attempts=2, **carrier), clock=FakeClock()  # type: ignore[arg-type]
    ) as c, pytest.raises(SourceError) as caught:  # fmt: skip
        c.get("/nobody")
    logging.getLogger("marketintel.sources").warning("the key is %s", KEY)
    seen += [str(caught.value), caplog.text, *capsys.readouterr(), repr(c.provider.key())]
    seen += [gzip.decompress(p.read_bytes()).decode() for p in tmp_path.rglob("*.gz")]
    seen += [str(p) for p in tmp_path.rglob("*")]
    everything = "\n".join(seen)
    assert "the key is ***" in everything
    for form in (KEY, "s3cret%2Bkey%2F0123456789%3D%3D", "s3cret+key"):
        assert form not in everything


def test_a_key_that_cannot_be_one_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEMO_KEY", "two words\nand a line")
    with pytest.raises(UsageError, match="DEMO_KEY does not look like a key") as caught:
        Client(PROVIDER)
    assert "two words" not in str(caught.value)


def test_one_key_that_begins_like_another_is_blanked_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("A_KEY", KEY), ("B_KEY", KEY + "tail"), ("C_KEY", "head" + KEY)):
        monkeypatch.setenv(name, value)
        settings.secret(name)
    said = settings.redact(f"{KEY}tail {KEY} head{KEY}")
    assert said == "*** *** ***"
    assert settings.redact_bytes(f"{KEY}tail".encode()) == b"***"
