"""Uploads in parts (tus 1.0) lose nothing that was answered."""

import asyncio
import base64
import hashlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.factories.papers import build_pdf, build_photo
from tests.factories.repository import ROOT
from tests.factories.services import Running

CONTENT = build_pdf(secrets.token_bytes(300_000))
PART = {"Content-Type": "application/offset+octet-stream"}


def build_metadata(media_type: str) -> str:
    name, kind = (base64.b64encode(text.encode()).decode() for text in ("a b.pdf", media_type))
    return f"filename {name},filetype {kind}"


METADATA = build_metadata("application/pdf")


class Tus:
    """A client of one account."""

    def __init__(
        self, registry: Running, sub: str = "kemensos-1", client: httpx.AsyncClient | None = None
    ) -> None:
        self.client, self.token = client or registry.client, registry.token("KEMENSOS", sub)

    async def send(self, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"} | named
        return await self.client.request(method, path, content=content, headers=named)

    async def create(self, size: int, media_type: str = "application/pdf") -> str:
        metadata = build_metadata(media_type)
        answer = await self.send("POST", "/v1/uploads", Upload_Length=str(size), Upload_Metadata=metadata)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def append(self, path: str, offset: int, content: bytes, **headers: str) -> httpx.Response:
        return await self.send("PATCH", path, content, Upload_Offset=str(offset), **PART, **headers)


async def test_parts_become_the_file_that_one_upload_would_be(registry: Running) -> None:
    tus = Tus(registry)
    path = await tus.create(len(CONTENT))
    for start in range(0, len(CONTENT), 290_000):
        part = CONTENT[start : start + 290_000]
        answer = await tus.append(path, start, part)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(start + len(part)))
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert answer.headers["content-location"] == f"/v1/files/{sha256}"
    assert (await tus.send("GET", f"/v1/files/{sha256}")).content == CONTENT
    head = await tus.send("HEAD", path)
    assert head.headers["upload-metadata"] == METADATA
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == (str(len(CONTENT)),) * 2
    assert await registry.sql("SELECT 1 FROM platform.upload_part") == []


async def test_options_name_version_and_extensions(registry: Running) -> None:
    answer = await Tus(registry).send("OPTIONS", "/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,termination,expiration"
    assert answer.headers["tus-max-size"] == str(registry.settings.max_file_bytes)


async def test_a_client_without_patch_and_delete_names_the_method_in_a_header(registry: Running) -> None:
    tus = Tus(registry)
    path = await tus.create(len(CONTENT))
    headers = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": "0", **PART}
    assert (await tus.send("POST", path, CONTENT[:100], **headers)).headers["upload-offset"] == "100"
    head = await tus.send("POST", path, X_HTTP_Method_Override="HEAD")
    assert (head.status_code, head.headers["upload-offset"], head.content) == (200, "100", b"")
    assert (await tus.send("POST", path, X_HTTP_Method_Override="DELETE")).status_code == 204
    assert (await tus.send("HEAD", path)).status_code == 404
    # At other addresses the header has no effect.
    overridden = await tus.send("GET", "/v1/pilar-kind", X_HTTP_Method_Override="POST")
    assert overridden.status_code == 200


async def test_the_name_of_a_file_is_sealed(registry: Running) -> None:
    await Tus(registry).create(len(CONTENT))
    (row,) = await registry.sql("SELECT upload::text AS text, metadata_sealed FROM platform.upload")
    name = base64.b64encode(b"a b.pdf")
    assert name not in row["metadata_sealed"]
    assert name.decode() not in row["text"]


async def test_only_the_creator_sees_an_upload(registry: Running) -> None:
    path, other = await Tus(registry).create(100), Tus(registry, "kemensos-2")
    answers = [
        await other.send("HEAD", path),
        await other.append(path, 0, b"%PDF-"),
        await other.send("DELETE", path),
        await other.send("DELETE", "/v1/uploads/01980000-0000-7000-8000-000000000000"),
        await other.append("/v1/uploads/none", 0, b"%PDF-"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5


async def test_requests_that_do_not_fit_are_refused(registry: Running) -> None:
    tus = Tus(registry)
    path = await tus.create(len(CONTENT))
    assert (await tus.append(path, 0, CONTENT[:100])).status_code == 204
    refused = {
        "UploadOffsetDiffers": await tus.append(path, 99, CONTENT[99:]),
        "TusVersionUnsupported": await tus.append(path, 100, b"", Tus_Resumable="0.2.2"),
        "BodyTooLarge": await tus.append(path, 100, CONTENT),
        "UnsupportedMediaType": await tus.append(path, 100, b"x", Content_Type="text/csv"),
        "Invalid": await tus.send("POST", "/v1/uploads"),
        "FileTooLong": await tus.send("POST", "/v1/uploads", Upload_Length="99999999999"),
    }
    assert {name: answer.json()["title"] for name, answer in refused.items()} == {
        name: name for name in refused
    }
    statuses = [answer.status_code for answer in refused.values()]
    assert statuses == [409, 412, 413, 415, 422, 413]
    assert refused["TusVersionUnsupported"].headers["tus-version"] == "1.0.0"
    assert (await tus.append(path, 100, CONTENT[100:])).status_code == 204


async def test_content_is_checked_and_an_image_loses_its_place(registry: Running) -> None:
    tus, photo = Tus(registry), build_photo()
    path = await tus.create(len(CONTENT), "image/jpeg")
    assert (await tus.append(path, 0, CONTENT)).json()["title"] == "FileNotOfDeclaredKind"
    path = await tus.create(len(photo), "image/jpeg")
    answer = await tus.append(path, 0, photo)
    assert b"Contoh" not in (await tus.send("GET", answer.headers["content-location"])).content


async def test_parts_are_sealed_and_deleted_with_their_upload(registry: Running) -> None:
    tus = Tus(registry)
    path = await tus.create(10_000, "text/csv")
    await tus.append(path, 0, b"nik,0000000000000000\n" * 100)
    rows = await registry.sql("SELECT sealed FROM platform.upload_part")
    assert rows
    assert not [row for row in rows if b"0000000000000000" in row["sealed"]]
    assert (await tus.send("DELETE", path)).status_code == 204
    assert (await tus.send("HEAD", path)).status_code == 404
    assert await registry.sql("SELECT 1 FROM platform.upload_part") == []


async def test_an_account_has_so_many_open_uploads(registry: Running) -> None:
    tus = Tus(registry)
    paths = [await tus.create(10) for _ in range(20)]
    refused = await tus.send("POST", "/v1/uploads", Upload_Length="10")
    assert (refused.status_code, refused.json()["title"]) == (409, "TooManyOpenUploads")
    await tus.send("DELETE", paths[0])
    await tus.create(10)


async def test_of_two_equal_parts_at_a_time_one_is_stored(registry: Running) -> None:
    tus = Tus(registry)
    path = await tus.create(len(CONTENT))
    answers = await asyncio.gather(*(tus.append(path, 0, CONTENT[:1000]) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert (await tus.append(path, 1000, CONTENT[1000:])).status_code == 204


@asynccontextmanager
async def api_process(registry: Running, fault: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """The API of registry in a process of its own, which may be killed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = registry.settings
    environment = os.environ | {
        "PILAR_SERVICE": "registry",
        "PILAR_MODE": "development",
        "PILAR_DATABASE_URL": settings.database_url,
        "PILAR_JWKS_FILE": str(settings.jwks_file),
        "PILAR_KEYS_FOLDER": str(settings.keys_folder),
        "PILAR_FAULTPOINT": fault,
        "PILAR_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "services.registry.app"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30
        ) as client:
            for _ in range(300):
                await asyncio.sleep(0.1)
                try:
                    await client.get("/livez")
                    break
                except httpx.TransportError:
                    assert process.returncode is None
            yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", ["command.before_commit", "command.after_commit"])
async def test_a_killed_process_loses_no_part_that_was_answered(registry: Running, point: str) -> None:
    """The client asks for the offset and continues from there."""
    tus = Tus(registry)
    path, half = await tus.create(len(CONTENT)), len(CONTENT) // 2
    assert (await tus.append(path, 0, CONTENT[:half])).status_code == 204
    async with api_process(registry, f"{point}=kill") as client:
        with pytest.raises(httpx.TransportError):
            await Tus(registry, client=client).append(path, half, CONTENT[half:])
    offset = int((await tus.send("HEAD", path)).headers["upload-offset"])
    assert offset == (half if point == "command.before_commit" else len(CONTENT))
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    if offset < len(CONTENT):
        assert (await tus.send("GET", f"/v1/files/{sha256}")).status_code == 404
        assert (await tus.append(path, offset, CONTENT[offset:])).status_code == 204
    assert (await tus.send("GET", f"/v1/files/{sha256}")).content == CONTENT


@pytest.mark.timeout(60)
async def test_what_arrived_before_the_connection_ended_is_kept(registry: Running) -> None:
    tus = Tus(registry)
    path = await tus.create(len(CONTENT))

    async def send_half() -> AsyncIterator[bytes]:
        yield CONTENT[:150_000]
        await asyncio.sleep(0.5)
        raise ConnectionError

    async with api_process(registry) as client:
        headers = {
            "Tus-Resumable": "1.0.0",
            "Authorization": f"Bearer {tus.token}",
            "Upload-Offset": "0",
            **PART,
        }
        with pytest.raises(ConnectionError):
            await client.patch(path, content=send_half(), headers=headers)
        offset = 0
        while not offset:
            await asyncio.sleep(0.1)
            offset = int((await tus.send("HEAD", path)).headers["upload-offset"])
    assert offset == 150_000
