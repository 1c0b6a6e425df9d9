"""ClamAV scans an upload over its socket. Without an answer of it nothing is stored."""

import asyncio
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.factories.cluster import Cluster
from tests.factories.papers import build_pdf
from tests.factories.services import Running, run_service

CLAMD = shutil.which("clamd", path="/usr/sbin:/usr/bin")
INFECTED, CLEAN = build_pdf(b"a virus of this test"), build_pdf(b"surat")


@pytest.fixture(scope="module")
async def clamd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of Debian's clamd, whose only signature is the hash of INFECTED."""
    if CLAMD is None:
        assert os.environ.get("CI") != "true", "CI installs clamav-daemon"
        pytest.skip("No clamd here: apt-get install clamav-daemon")
    folder = tmp_path_factory.mktemp("clamd")
    database = folder / "database"
    database.mkdir()
    signature = f"{hashlib.md5(INFECTED, usedforsecurity=False).hexdigest()}:{len(INFECTED)}:Pilar.Test\n"
    (database / "pilar.hdb").write_text(signature, "ascii")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ["Foreground yes", f"DatabaseDirectory {database}", f"TCPSocket {port}", "TCPAddr 127.0.0.1"]
    settings += ["StreamMaxLength 1M", "MaxThreads 2", f"TemporaryDirectory {folder}"]
    (folder / "clamd.conf").write_text("\n".join(settings) + "\n", "ascii")
    process = await asyncio.create_subprocess_exec(
        CLAMD,
        "--config-file",
        str(folder / "clamd.conf"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await wait_for_port(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def wait_for_port(port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(300):
        await asyncio.sleep(0.1)
        assert process.returncode is None, "clamd did not start"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            continue
        writer.close()
        return
    raise AssertionError("clamd does not listen")


async def upload(service: Running, content: bytes) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {service.token('KEMENSOS')}",
        "Content-Type": "application/octet-stream",
    }
    return await service.client.post("/v1/files", content=content, headers=headers)


@pytest.mark.timeout(120)
async def test_an_infected_file_is_refused_and_not_stored(cluster: Cluster, clamd: str) -> None:
    async with run_service(cluster, "registry", clamav=clamd) as service:
        refused = await upload(service, INFECTED)
        assert (refused.status_code, refused.json()["title"]) == (422, "FileInfected")
        assert await service.sql("SELECT 1 FROM platform.file") == []
        assert (await upload(service, CLEAN)).status_code == 201


@pytest.mark.timeout(120)
async def test_a_file_that_the_scanner_does_not_take_is_not_stored(cluster: Cluster, clamd: str) -> None:
    async with run_service(cluster, "registry", clamav=clamd) as service:
        refused = await upload(service, b"a,b\n" * (512 * 1024))
        assert (refused.status_code, refused.json()["title"]) == (503, "ScannerUnavailable")


async def test_nothing_is_stored_while_the_scanner_is_unreachable(cluster: Cluster, tmp_path: Path) -> None:
    async with run_service(cluster, "registry", clamav=f"unix:{tmp_path}/none.ctl") as service:
        refused = await upload(service, CLEAN)
        assert (refused.status_code, refused.json()["title"]) == (503, "ScannerUnavailable")
        assert int(refused.headers["retry-after"]) > 0
        assert await service.sql("SELECT 1 FROM platform.file") == []
