"""A download has the checked type, a safe name and ranges, and holds no connection."""

import asyncio
import hashlib
import os

import httpx
import pytest

from shared.files import CHUNK_BYTES
from shared.server import served
from tests.factories.papers import build_pdf
from tests.factories.services import Running

LONG = build_pdf(os.urandom(CHUNK_BYTES))


@pytest.fixture
async def sha256(registry: Running) -> str:
    return await registry.put_file(LONG, as_=registry.token("KEMENSOS"))


async def read(registry: Running, sha256: str, method: str = "GET", **headers: str) -> httpx.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {"Authorization": f"Bearer {registry.token('KEMENSOS')}"}
    return await registry.client.request(method, f"/v1/files/{sha256}", headers=headers)


async def test_answer_names_type_size_and_a_safe_file_name(registry: Running, sha256: str) -> None:
    answer = await read(registry, sha256)
    assert answer.content == LONG
    headers = {
        "content-type": "application/pdf",
        "content-length": str(len(LONG)),
        "content-disposition": f'attachment; filename="pilar-{sha256[:12]}.pdf"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; sandbox",
        "accept-ranges": "bytes",
        "etag": f'"{hashlib.sha256(LONG).hexdigest()}"',
    }
    assert {name: answer.headers[name] for name in headers} == headers
    head = await read(registry, sha256, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in headers} == headers


EDGE = CHUNK_BYTES
RANGES = {
    "bytes=0-0": (0, 1),
    f"bytes={EDGE - 2}-{EDGE + 1}": (EDGE - 2, EDGE + 2),
    f"bytes={EDGE}-": (EDGE, len(LONG)),
    "bytes=-5": (len(LONG) - 5, len(LONG)),
    f"bytes=7-{len(LONG) + 9}": (7, len(LONG)),
    f"bytes=-{len(LONG) + 9}": (0, len(LONG)),
}


@pytest.mark.parametrize(("asked", "span"), RANGES.items(), ids=RANGES.keys())
async def test_a_range_is_answered(registry: Running, sha256: str, asked: str, span: tuple[int, int]) -> None:
    answer = await read(registry, sha256, Range=asked)
    start, end = span
    assert (answer.status_code, answer.content) == (206, LONG[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(LONG)}"


@pytest.mark.parametrize("asked", [f"bytes={len(LONG)}-", "bytes=-0"])
async def test_a_range_outside_of_the_file_is_refused(registry: Running, sha256: str, asked: str) -> None:
    answer = await read(registry, sha256, Range=asked)
    assert (answer.status_code, answer.json()["title"]) == (416, "RangeOutsideFile")
    assert answer.headers["content-range"] == f"bytes */{len(LONG)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=5-2", "lines=0-1", "bytes=-", "bytes=a-b"])
async def test_a_range_that_cannot_be_read_is_ignored(registry: Running, sha256: str, asked: str) -> None:
    assert (await read(registry, sha256, Range=asked)).status_code == 200


async def test_a_range_of_another_content_is_ignored(registry: Running, sha256: str) -> None:
    etag = f'"{hashlib.sha256(LONG).hexdigest()}"'
    assert (await read(registry, sha256, Range="bytes=0-1", If_Range=etag)).status_code == 206
    assert (await read(registry, sha256, Range="bytes=0-1", If_Range='"other"')).status_code == 200


async def test_slow_downloads_hold_no_connection(registry: Running) -> None:
    content = b"a,b\n" * (4 * 1024 * 1024)
    token = registry.token("KEMENSOS")
    sha256 = await registry.put_file(content, as_=token)
    headers = {"Authorization": f"Bearer {token}"}
    readers = registry.settings.pool_size + 3
    async with (
        served(registry.app, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client,
    ):
        waiting = asyncio.Barrier(readers)

        async def download() -> bytes:
            digest = hashlib.sha256()
            async with client.stream("GET", f"/v1/files/{sha256}", headers=headers) as answer:
                parts = answer.aiter_bytes()
                digest.update(await anext(parts))
                await waiting.wait()
                async for part in parts:
                    digest.update(part)
            return digest.digest()

        hashes = await asyncio.gather(*(download() for _ in range(readers)))
    assert set(hashes) == {hashlib.sha256(content).digest()}


async def test_a_damaged_file_is_not_answered_completely(registry: Running, sha256: str) -> None:
    await registry.execute("DELETE FROM platform.file_chunk WHERE number = 1")
    async with served(registry.app, "127.0.0.1", 0) as port, httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}"}
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{port}/v1/files/{sha256}", headers=headers)
