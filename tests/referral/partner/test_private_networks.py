"""Partners in private networks and with CAs of their own, by setting."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from services.referral.partner.commands import address
from services.referral.partner.commands.address import Allowed, check_form
from services.referral.partner.commands.webhook import Call, Reply, post
from services.referral.partner.errors import AddressRefused
from services.referral.partner_call.models import FaultKind, kind_of_fault
from shared.settings import Settings
from tests.factories.certificates import OwnCa

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore after the test what `configure` sets for the process."""
    for name in ("ports", "loopback", "networks", "ca_file"):
        monkeypatch.setattr(Allowed, name, getattr(Allowed, name))


@asynccontextmanager
async def serve(context: ssl.SSLContext) -> AsyncIterator[int]:
    """Serve a partner's system with TLS on this machine, and return its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def call(port: int, **settings: object) -> Reply:
    """Call the server as a process with these settings does."""
    development = Settings.load_for("referral", mode="development", webhook_ports=[port], **settings)
    address.configure(development)
    return await post(Call(f"https://127.0.0.1:{port}/x", b"{}", (b"rahasia",), "notice-1", "key-1", uuid4()))


async def test_private_host_with_own_ca_is_called_only_by_both_settings(
    restored: None, tmp_path: Path
) -> None:
    ca, network = OwnCa.create(tmp_path), ["127.0.0.0/8"]
    async with serve(ca.server("127.0.0.1")) as port:
        plain = await call(port)
        untrusted = await call(port, webhook_networks=network)
        foreign = await call(port, webhook_ca_file=ca.file)
        elsewhere = await call(port, webhook_networks=["10.20.0.0/16"], webhook_ca_file=ca.file)
        trusted = await call(port, webhook_networks=network, webhook_ca_file=ca.file)
    assert [one.fault for one in (plain, foreign, elsewhere)] == ["AddressRefused"] * 3
    assert (untrusted.fault, untrusted.left) == ("SSLCertVerificationError", False)
    assert (trusted.status, trusted.fault) == (200, None)
    kinds = [kind_of_fault(str(one.fault)) for one in (plain, untrusted)]
    assert kinds == [FaultKind.ADDRESS_REFUSED, FaultKind.TLS]


async def test_certificate_of_another_host_is_refused(restored: None, tmp_path: Path) -> None:
    ca = OwnCa.create(tmp_path)
    async with serve(ca.server("127.0.0.2")) as port:
        reply = await call(port, webhook_networks=["127.0.0.0/8"], webhook_ca_file=ca.file)
    assert (reply.status, reply.fault) == (None, "SSLCertVerificationError")


def test_allowed_network_opens_its_own_addresses_only(restored: None) -> None:
    address.configure(Settings.load_for("referral", mode="development", webhook_networks="10.20.0.0/16"))
    assert check_form("https://10.20.1.2/x").hostname == "10.20.1.2"
    for host in ("10.21.0.1", "192.168.0.1", "127.0.0.1", "[::ffff:10.20.1.2]"):
        with pytest.raises(AddressRefused):
            check_form(f"https://{host}/x")
    with pytest.raises(AddressRefused, match="https"):
        check_form("http://10.20.1.2/x")


def test_file_of_cas_that_cannot_be_read_stops_the_start(restored: None, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for file in (empty, tmp_path / "missing.pem"):
        with pytest.raises(OSError):  # noqa: PT011 (the message is of the library)
            address.configure(Settings.load_for("referral", mode="development", webhook_ca_file=file))
