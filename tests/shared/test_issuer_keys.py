"""An outage of the issuer stops new tokens, but not the verification of old ones."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from shared.access import KeysUnavailable
from shared.access.keys import KeySource
from shared.settings import Settings


class Issuer(BaseHTTPRequestHandler):
    """A real issuer on this machine, with the answer that its server has."""

    def do_GET(self) -> None:  # the library's name
        server = self.server
        assert isinstance(server, Server)
        server.asked += 1
        self.send_response(server.status)
        if server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    body, status, asked = b"", 200, 0


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Issuer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    server.body = key_set("first")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def time_() -> list[float]:
    return [1000.0]


@pytest.fixture
def source(server: Server, time_: list[float]) -> KeySource:
    url = f"http://127.0.0.1:{server.server_port}/jwks"
    return KeySource(Settings.load_for("referral", mode="development", jwks_url=url), clock=lambda: time_[0])


def key_set(*names: str) -> bytes:
    return json.dumps(
        {"keys": [ECKey.generate_key("P-256").as_dict(private=False, kid=name) for name in names]}
    ).encode()


async def wait_for_refresh(source: KeySource) -> None:
    if source._refreshing is not None:
        await source._refreshing


async def test_are_read_once_for_ten_minutes(source: KeySource, server: Server, time_: list[float]) -> None:
    assert server.asked == 0
    keys_found = await asyncio.gather(*(source.find("first") for _ in range(20)))
    time_[0] += 599
    assert all(keys_found)
    assert await source.find("first")
    assert server.asked == 1


async def test_are_refreshed_in_the_background(source: KeySource, server: Server, time_: list[float]) -> None:
    await source.find("first")
    server.body, time_[0] = key_set("first", "second"), time_[0] + 601
    assert await source.find("first")
    await wait_for_refresh(source)
    assert await source.find("second")
    assert server.asked == 2


async def test_serve_for_a_day_while_the_issuer_is_down(
    source: KeySource, server: Server, time_: list[float]
) -> None:
    await source.find("first")
    server.status = 503
    time_[0] += 23 * 3600
    assert await source.find("first")
    await wait_for_refresh(source)
    time_[0] += 3601
    with pytest.raises(KeysUnavailable) as refusal:
        await source.find("first")
    assert (refusal.value.status, refusal.value.retry_after) == (503, 5)


async def test_are_fetched_once_in_thirty_seconds_for_unknown_ids(
    source: KeySource, server: Server, time_: list[float]
) -> None:
    await source.find("first")
    time_[0] += 31
    assert await asyncio.gather(*(source.find(f"guess-{number}") for number in range(100))) == [None] * 100
    assert server.asked == 2
    server.body, time_[0] = key_set("first", "rotated"), time_[0] + 31
    assert await source.find("rotated")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":[],"keys":[]}',
        b"x" * 300_000,
        b'{"keys":[{"kid":"a","kty":"oct","k":"AA"}]}',
    ],
    ids=["empty", "list", "none", "no key", "twice", "too long", "secret"],
)
async def test_are_not_read_from_an_invalid_key_set(source: KeySource, server: Server, body: bytes) -> None:
    server.body = body
    with pytest.raises(KeysUnavailable):
        await source.find("a")


async def test_do_not_follow_a_redirect(source: KeySource, server: Server) -> None:
    server.status = 302
    with pytest.raises(KeysUnavailable):
        await source.find("first")
    assert server.asked == 1


async def test_stay_valid_after_an_invalid_answer(
    source: KeySource, server: Server, time_: list[float]
) -> None:
    await source.find("first")
    server.body, time_[0] = b"<html>", time_[0] + 700
    assert await source.find("first")
    await wait_for_refresh(source)
    assert await source.find("first")


async def test_come_from_a_file_that_may_appear_later(tmp_path: Path, time_: list[float]) -> None:
    file = tmp_path / "jwks.json"
    settings = Settings.load_for("referral", mode="development", jwks_file=file)
    source = KeySource(settings, clock=lambda: time_[0])
    with pytest.raises(KeysUnavailable):
        await source.find("late")
    file.write_bytes(key_set("late"))
    time_[0] += 2
    assert await source.find("late")
