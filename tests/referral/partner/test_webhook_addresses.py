import asyncio
import contextlib
from collections.abc import AsyncIterator
from ipaddress import ip_address
from urllib.parse import SplitResult
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.partner.commands import webhook
from services.referral.partner.commands.address import Allowed, check_form, is_public
from services.referral.partner.commands.webhook import Call, post
from services.referral.partner.errors import AddressRefused
from tests.factories.services import Running


def build_call(url: str) -> Call:
    return Call(url, b"{}", (b"rahasia",), "notice-1", "key-1", uuid4())


@contextlib.asynccontextmanager
async def serve_answer(head: bytes, part: bytes = b"", times: int = 0) -> AsyncIterator[str]:
    """A server that sends the same answer to every request."""

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
        "https://mitra.example.go.id:8443/x",
        "https://mitra.example.go.id:22/x",
        "https://mitra.example.go.id:0/x",
        "https://10.0.0.1/x",
        "https://[2002:a00:1::1]/x",
    ],
)
def test_invalid_webhook_addresses_are_refused(public_hosts_only: None, url: str) -> None:
    with pytest.raises(AddressRefused):
        check_form(url)


def test_loopback_address_is_allowed_by_a_setting(loopback_allowed: None) -> None:
    assert check_form("http://127.0.0.1:9000/x").port == 9000
    with pytest.raises(AddressRefused):
        check_form("http://192.168.1.1/x")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
     "100.64.0.1", "[::1]",
     "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "224.0.0.1", "2130706433", "localhost", "[2002:a00:1::1]",
     "192.88.99.1", "[3fff::1]", "[64:ff9b::a00:1]"],
)  # fmt: skip
async def test_address_of_no_public_host_is_never_called(public_hosts_only: None, host: str) -> None:
    reply = await post(build_call(f"https://{host}/x"))
    assert (reply.status, reply.fault) == (None, "AddressRefused")


async def test_address_is_checked_again_at_the_call(public_hosts_only: None) -> None:
    """A registered loopback address is not called by a process that does not allow it."""
    async with PartnerSimulator(secret="rahasia") as bank:
        assert (await post(build_call(bank.url))).fault == "AddressRefused"
        assert bank.tries == 0


async def test_redirects_are_not_followed(loopback_allowed: None) -> None:
    async with PartnerSimulator(secret="rahasia") as bank:
        head = (
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {bank.url}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        async with serve_answer(head) as url:
            reply = await post(build_call(url))
        assert (reply.status, reply.accepted, bank.tries) == (307, False, 0)


async def test_endless_reply_is_cut_off(loopback_allowed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "LARGEST_REPLY", 1000)
    async with serve_answer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", b"x" * 1000, 5000
    ) as url:
        reply = await post(build_call(url))
    assert (reply.status, reply.content) == (200, None)


async def test_invalid_reply_is_recorded_as_a_fault(loopback_allowed: None) -> None:
    async with serve_answer(b"\x00\x01\x02 hello\r\n\r\n") as url:
        reply = await post(build_call(url))
    assert (reply.status, reply.fault) == (None, "RemoteProtocolError")


async def test_invalid_address_is_refused_at_registration(referral: Running) -> None:
    token = referral.token("KEMENSOS", "kemensos-1")
    body = {"code": "MITRA", "name": "Mitra", "kind": "BANK", "channel": "HOST_TO_HOST"}
    url = {"webhook_url": "http://mitra.example.go.id/x"}
    refused = await referral.post("/v1/partner", body | url, as_=token, headers={"Accept-Language": "id"})
    assert (refused.status_code, refused.json()["title"]) == (422, "AddressRefused")
    assert refused.json()["detail"].startswith("Alamat webhook ini tidak dapat dipakai: harus https.")
    assert (await referral.post("/v1/partner", body, as_=token)).json()["title"] == "WebhookNeeded"


# One address of each special-purpose range (IANA), and of what lies outside global unicast.
NOT_PUBLIC = (
    *(
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.2",
        "169.254.1.1",
        "172.31.255.255",
        "192.0.0.9",
        "192.0.2.1",
    ),
    *(
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
    ),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "::10.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::808:808",
    ),
    *(
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:2::1",
        "2001:20::1",
        "2001:4:112::1",
        "2001:db8::1",
        "2002:a00:1::1",
    ),
    *(
        "2620:4f:8000::1",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_special_purpose_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "103.10.64.1", "192.88.98.1", "2404:8000::1", "2606:4700::1111"]
)
def test_host_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_ports_of_the_setting_are_allowed(public_hosts_only: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Allowed, "ports", frozenset({443, 8443}))
    assert check_form("https://mitra.example.go.id:8443/x").port == 8443
    with pytest.raises(AddressRefused, match="443, 8443"):
        check_form("https://mitra.example.go.id:9443/x")


async def test_connection_goes_to_the_checked_address(
    public_hosts_only: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is resolved once, so a later change of its address has no effect."""
    hello: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    async def check_address(_: SplitResult) -> str:
        return "127.0.0.1"

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(Allowed, "ports", frozenset({port}))
        monkeypatch.setattr(webhook, "resolve", check_address)
        assert (await post(build_call(f"https://mitra.invalid:{port}/x"))).status is None
        assert b"mitra.invalid" in await asyncio.wait_for(hello, 10)
