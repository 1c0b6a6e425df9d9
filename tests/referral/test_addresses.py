import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from services.referral import webhook
from services.referral.errors import AddressRefused
from services.referral.webhook import Call, check_form, post
from tests.kit import Running
from tests.partner_simulator import PartnerSimulator


def call(url: str) -> Call:
    return Call(url, b"{}", b"rahasia", "notice-1", "key-1")


@contextlib.asynccontextmanager
async def answering(head: bytes, part: bytes = b"", times: int = 0) -> AsyncIterator[str]:
    """A server that says one thing to everybody."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            for _ in range(times):
                writer.write(part)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    "url",
    [
        "http://mitra.example.go.id/x",
        "ftp://mitra.example.go.id/x",
        "https://user:pw@mitra.example.go.id/x",
        "https:///x",
        "https://mitra.example.go.id/x#y",
        "https://mitra.example.go.id:99999/x",
        "https://[::1/x",
        "javascript:alert(1)",
        "http://127.0.0.1:8104/x",
        "http://localhost/x",
    ],
)
def test_that_cannot_be_a_partners_are_refused_in_production(production: None, url: str) -> None:
    with pytest.raises(AddressRefused):
        check_form(url)


def test_on_this_machine_are_for_development(development: None) -> None:
    assert check_form("http://127.0.0.1:9000/x").port == 9000
    with pytest.raises(AddressRefused):
        check_form("http://192.168.1.1/x")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
     "100.64.0.1", "[::1]",
     "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "224.0.0.1", "2130706433", "localhost"],
)  # fmt: skip
async def test_inside_are_never_called_in_production(production: None, host: str) -> None:
    reply = await post(call(f"https://{host}/x"))
    assert (reply.status, reply.fault) == (None, "AddressRefused")


async def test_are_checked_again_at_the_call_and_the_name_is_resolved_once(production: None) -> None:
    """What was given in development is not called by a production process."""
    async with PartnerSimulator(secret="rahasia") as bank:
        assert (await post(call(bank.url))).fault == "AddressRefused"
        assert bank.tries == 0


async def test_that_point_elsewhere_are_not_followed(development: None) -> None:
    async with PartnerSimulator(secret="rahasia") as bank:
        head = (
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {bank.url}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        async with answering(head) as url:
            reply = await post(call(url))
        assert (reply.status, reply.taken, bank.tries) == (307, False, 0)


async def test_that_answer_without_end_are_cut_off(
    development: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LARGEST_REPLY", 1000)
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", b"x" * 1000, 5000) as url:
        reply = await post(call(url))
    assert (reply.status, reply.content) == (200, None)


async def test_that_answer_nonsense_are_a_fault_and_no_crash(development: None) -> None:
    async with answering(b"\x00\x01\x02 hello\r\n\r\n") as url:
        reply = await post(call(url))
    assert (reply.status, reply.fault) == (None, "RemoteProtocolError")


async def test_are_refused_when_a_partner_is_registered(referral: Running) -> None:
    token = referral.token("KEMENSOS", "kemensos-1")
    body = {"code": "MITRA", "name": "Mitra", "kind": "BANK", "channel": "HOST_TO_HOST"}
    url = {"webhook_url": "http://mitra.example.go.id/x"}
    refused = await referral.post("/v1/partner", body | url, as_=token, headers={"Accept-Language": "id"})
    assert (refused.status_code, refused.json()["title"]) == (422, "AddressRefused")
    assert refused.json()["detail"] == "Alamat webhook ini tidak dapat dipakai: harus https."
    assert (await referral.post("/v1/partner", body, as_=token)).json()["title"] == "WebhookNeeded"
