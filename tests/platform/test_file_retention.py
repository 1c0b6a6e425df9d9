"""What nothing refers to is deleted after its term. A file in use never is."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.access import Actor, Role
from shared.errors import FileNotUploaded
from shared.evidence import EvidenceKind, EvidenceUse, record_uses
from shared.files import require_uploaded
from shared.files.retention import delete_expired_uploads, delete_unused_files
from shared.messaging import maintenance
from tests.factories.papers import build_pdf
from tests.factories.services import Running

PAPER = build_pdf(b"surat")
EXPIRE = "UPDATE platform.file SET expires_at = now() - interval '1 second'"
OFFICIAL = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))


@pytest.fixture
async def sha256(registry: Running) -> str:
    """An uploaded file whose term is over."""
    sha256 = await registry.put_file(PAPER, as_=registry.token("KEMENSOS"))
    await registry.execute(EXPIRE)
    return sha256


def use_by(actor: Actor) -> EvidenceUse:
    return EvidenceUse(EvidenceKind.KARTU, uuid4(), None, "", actor)


async def is_stored(registry: Running, sha256: str) -> bool:
    return bool(await registry.sql("SELECT 1 FROM platform.file WHERE sha256 = $1", sha256))


async def delete_unused(registry: Running) -> None:
    async with registry.session() as session:
        await delete_unused_files(session)


async def test_an_unused_file_is_deleted_by_the_maintenance(registry: Running, sha256: str) -> None:
    await maintenance.schedule_now(registry.worker)
    await registry.work()
    assert not await is_stored(registry, sha256)
    for table in ("file_chunk", "file_upload"):
        assert await registry.sql(f"SELECT 1 FROM platform.{table}") == []


async def test_a_file_has_the_term_of_the_settings(registry: Running) -> None:
    await registry.put_file(PAPER, as_=registry.token("KEMENSOS"))
    [row] = await registry.sql("SELECT expires_at - created_at AS term FROM platform.file")
    assert abs(row["term"] - registry.settings.unused_file_term) < timedelta(minutes=1)
    await delete_unused(registry)
    assert await registry.sql("SELECT 1 FROM platform.file")


async def test_a_file_in_use_is_kept_and_not_looked_at_again(registry: Running, sha256: str) -> None:
    async with registry.session() as session:
        await record_uses(session, [sha256], use_by(OFFICIAL))
    await delete_unused(registry)
    [row] = await registry.sql("SELECT expires_at FROM platform.file")
    assert row["expires_at"] is None


async def test_a_file_that_is_uploaded_again_has_a_new_term(registry: Running, sha256: str) -> None:
    await registry.put_file(PAPER, as_=registry.token("DINSOS_KABKOTA", "dinsos-1", ["33.24"]))
    await delete_unused(registry)
    assert await is_stored(registry, sha256)


async def name_file(registry: Running, sha256: str, named: asyncio.Event, goes_on: asyncio.Event) -> None:
    async with registry.database.transaction(OFFICIAL) as session:
        await require_uploaded(session, {"/body/evidence_sha256": sha256})
        named.set()
        await goes_on.wait()
        await record_uses(session, [sha256], use_by(OFFICIAL))


async def test_a_file_that_a_command_names_now_is_not_deleted(registry: Running, sha256: str) -> None:
    named, goes_on = asyncio.Event(), asyncio.Event()
    naming = asyncio.create_task(name_file(registry, sha256, named, goes_on))
    await named.wait()
    await delete_unused(registry)
    goes_on.set()
    await naming
    assert await is_stored(registry, sha256)


async def test_a_command_that_names_a_file_during_its_deletion_is_refused(
    registry: Running, sha256: str
) -> None:
    now = asyncio.Event()
    now.set()
    async with registry.session() as session:
        await delete_unused_files(session)
        naming: asyncio.Task[Any] = asyncio.create_task(name_file(registry, sha256, asyncio.Event(), now))
        await asyncio.sleep(0.3)
        assert not naming.done()
    with pytest.raises(FileNotUploaded):
        await naming


async def test_an_upload_during_the_deletion_stores_the_file(registry: Running, sha256: str) -> None:
    async with registry.session() as session:
        await delete_unused_files(session)
        uploading = asyncio.create_task(registry.put_file(PAPER, as_=registry.token("KEMENSOS")))
        await asyncio.sleep(0.3)
        assert not uploading.done()
    assert await uploading == sha256
    answer = await registry.get(f"/v1/files/{sha256}", as_=registry.token("KEMENSOS"))
    assert answer.content == PAPER


async def test_an_unfinished_upload_expires(registry: Running) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Tus-Resumable": "1.0.0"}
    created = await registry.client.post("/v1/uploads", headers=headers | {"Upload-Length": "10"})
    path = created.headers["location"]
    assert (await registry.client.head(path, headers=headers)).status_code == 200
    await registry.execute("UPDATE platform.upload SET expires_at = now() - interval '1 second'")
    async with registry.session() as session:
        await delete_expired_uploads(session)
    assert (await registry.client.head(path, headers=headers)).status_code == 404
