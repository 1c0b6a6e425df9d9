"""JPEG, PNG, WebP, PDF and CSV are accepted by content. Images lose place and device."""

import hashlib
import io
import json
import struct
import zlib

import httpx
import pytest
from PIL import Image

from deploy.demo.papers import PaperKind, draw_paper
from tests.factories.papers import build_pdf, build_photo
from tests.factories.services import Running

PDF, CSV = build_pdf(b"surat"), b"nik,nama\n1,Siti\n"
JPEG, PNG, WEBP = build_photo(), build_photo("PNG"), build_photo("WEBP")
ANY = "application/octet-stream"


async def upload(registry: Running, content: bytes, media_type: str = ANY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Type": media_type}
    return await registry.client.post("/v1/files", content=content, headers=headers)


async def download(registry: Running, sha256: str) -> bytes:
    return (await registry.get(f"/v1/files/{sha256}", as_=registry.token("KEMENSOS"))).content


ACCEPTED = [
    *((JPEG, name, "image/jpeg") for name in ("image/jpeg", "image/jpg", "image/pjpeg", ANY)),
    *((PNG, name, "image/png") for name in ("image/png", "image/x-png", ANY)),
    (WEBP, "image/webp", "image/webp"),
    (build_photo(size=(3, 2)), "image/jpeg", "image/jpeg"),
    *((PDF, name, "application/pdf") for name in ("application/pdf", ANY)),
    *(
        (CSV, name, "text/csv")
        for name in ("text/csv; charset=utf-8", "text/plain", "application/vnd.ms-excel", ANY)
    ),
]


@pytest.mark.parametrize(("content", "declared", "kind"), ACCEPTED)
async def test_a_kind_is_decided_by_content(
    registry: Running, content: bytes, declared: str, kind: str
) -> None:
    answer = await upload(registry, content, declared)
    assert (answer.status_code, answer.json()["media_type"]) == (201, kind)
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()


def build_png_of(width: int, height: int) -> bytes:
    """Return a small PNG that says it is large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", PaperKind)
async def test_a_paper_of_the_demonstration_has_its_declared_kind(registry: Running, kind: PaperKind) -> None:
    content = draw_paper("surat pernyataan bermeterai", kind)
    answer = await upload(registry, content, kind)
    assert (answer.status_code, answer.json()["media_type"]) == (201, kind)
    assert content != draw_paper("surat sanggah", kind)


REFUSED = {
    "empty": (b"", ANY, 422, "UploadEmpty"),
    "a program": (b"\x7fELF\2\1\1\0" + bytes(40), ANY, 415, "FileKindUnknown"),
    "a workbook": (b"PK\3\4" + bytes(40), "application/vnd.ms-excel", 415, "FileKindUnknown"),
    "UTF-16": (CSV.decode().encode("utf-16"), "text/csv", 415, "FileKindUnknown"),
    "a PDF as a photograph": (PDF, "image/jpeg", 415, "FileNotOfDeclaredKind"),
    "a page as a photograph": (b"<html><script>", "image/png", 415, "FileKindUnknown"),
    "a page as a text": (b"\xef\xbb\xbf\n<!DOCTYPE html><script>", "text/plain", 415, "FileKindUnknown"),
    "another type": (PDF, "application/zip", 415, "UnsupportedMediaType"),
    "a cut JPEG": (JPEG[: len(JPEG) // 2], "image/jpeg", 422, "FileUnreadable"),
    "a cut PNG": (PNG[: len(PNG) // 2], "image/png", 422, "FileUnreadable"),
    "a cut WebP": (WEBP[: len(WEBP) // 2], "image/webp", 422, "FileUnreadable"),
    "a cut PDF": (PDF[:40], "application/pdf", 422, "FileUnreadable"),
    "a bomb": (build_png_of(50_000, 50_000), "image/png", 422, "FileUnreadable"),
    "a long photograph": (JPEG + bytes(12 * 1024 * 1024), "image/jpeg", 413, "FileTooLong"),
}


@pytest.mark.parametrize(("content", "declared", "status", "title"), REFUSED.values(), ids=REFUSED.keys())
async def test_other_content_is_refused_and_not_stored(
    registry: Running, content: bytes, declared: str, status: int, title: str
) -> None:
    answer = await upload(registry, content, declared)
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert await registry.sql("SELECT 1 FROM platform.file") == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_an_image_is_served_without_place_and_device(registry: Running, kind: str) -> None:
    content = build_photo(kind)
    answer = (await upload(registry, content)).json()
    served = await download(registry, answer["sha256"])
    assert answer["size"] == len(served) < len(content)
    with Image.open(io.BytesIO(served)) as after, Image.open(io.BytesIO(content)) as before:
        # The pixels are those that were uploaded, and the picture stays turned.
        assert after.tobytes() == before.tobytes()
        assert dict(after.getexif()) == {0x0112: 6}
    assert b"Contoh" not in served


async def test_place_and_device_are_stored_sealed(registry: Running) -> None:
    sha256 = (await upload(registry, JPEG)).json()["sha256"]
    sealed = (await registry.sql("SELECT metadata_sealed FROM platform.file"))[0]["metadata_sealed"]
    assert b"Contoh" not in sealed
    place = {"table": "file", "column": "metadata_sealed", "row_id": sha256}
    metadata = json.loads(registry.app.state.vault.open_bytes(sealed, **place))
    assert (metadata["latitude"], metadata["longitude"]) == (-6.208333, 106.833333)
    assert (metadata["make"], metadata["model"]) == ("Pabrik Contoh", "HP Contoh")


async def test_what_follows_a_jpeg_is_dropped(registry: Running) -> None:
    sha256 = (await upload(registry, JPEG + b"a film of the street")).json()["sha256"]
    assert b"street" not in await download(registry, sha256)
