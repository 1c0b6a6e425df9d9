"""A file is stored once by its SHA-256. A damaged one is not read completely."""

import asyncio
import hashlib
import os
from typing import Any

import pytest

from shared import files
from shared.database import Database
from shared.errors import NotFound
from shared.privacy import SealBroken, Vault

CHUNK = files.CHUNK_BYTES
MAX_BYTES = 64 * 1024 * 1024


async def store_file(database: Database, vault: Vault, content: bytes) -> str:
    with files.IncomingFile(MAX_BYTES) as incoming:
        for start in range(0, len(content), 60_001):
            incoming.append(content[start : start + 60_001])
        incoming.finish()
        async with database.transaction() as session:
            return await files.put(session, vault, incoming)


async def read_file(database: Database, vault: Vault, sha256: str) -> bytes:
    async with database.transaction() as session:
        return await files.read(session, vault, sha256)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7])
async def test_read_returns_what_was_put(database: Database, vault: Vault, size: int) -> None:
    content = os.urandom(size)
    sha256 = await store_file(database, vault, content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert await read_file(database, vault, sha256) == content
    async with database.transaction() as session:
        known = await files.read_info(session, sha256)
    assert (known.size, known.chunks, known.media_type) == (
        size,
        -(-size // CHUNK),
        "application/octet-stream",
    )


async def test_put_again_changes_nothing(database: Database, vault: Vault, owner: Any) -> None:
    content = os.urandom(2 * CHUNK)
    sha256 = await store_file(database, vault, content)
    before = await owner.fetch("SELECT * FROM platform.file_chunk WHERE sha256 = $1 ORDER BY number", sha256)
    assert await store_file(database, vault, content) == sha256
    assert (
        await owner.fetch("SELECT * FROM platform.file_chunk WHERE sha256 = $1 ORDER BY number", sha256)
        == before
    )


async def test_concurrent_puts_store_one_file(database: Database, vault: Vault) -> None:
    content = os.urandom(CHUNK)
    first, second = await asyncio.gather(*(store_file(database, vault, content) for _ in range(2)))
    assert await read_file(database, vault, first) == content
    assert first == second


async def test_is_sealed_in_the_database(database: Database, vault: Vault, owner: Any) -> None:
    content = b"berita acara 3324095708850001 " * 20_000
    sha256 = await store_file(database, vault, content)
    rows = await owner.fetch("SELECT sealed FROM platform.file_chunk WHERE sha256 = $1", sha256)
    assert len(rows) == 3
    assert not [row for row in rows if b"3324095708850001" in bytes(row["sealed"])]


async def test_is_sealed_while_it_arrives() -> None:
    content = b"berita acara 3324095708850001 " * 80_000
    with files.IncomingFile(MAX_BYTES) as incoming:
        incoming.append(content)
        incoming.finish()
        spool = incoming._spool
        spool.seek(0)
        assert b"3324095708850001" not in spool.read()
        assert b"".join(incoming) == content


async def read_into(got: bytearray, database: Database, vault: Vault, sha256: str) -> None:
    async with database.transaction() as session:
        async for part in files.open(session, vault, sha256):
            got += part


DAMAGES = {
    "a chunk changed": "UPDATE platform.file_chunk SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40)) WHERE sha256 = $1 AND number = 1",
    "a chunk gone": "DELETE FROM platform.file_chunk WHERE sha256 = $1 AND number = 2",
    "two chunks swapped": "UPDATE platform.file_chunk AS one SET sealed = other.sealed FROM platform.file_chunk AS other"
    " WHERE one.sha256 = $1 AND other.sha256 = $1 AND one.number + other.number = 1",
    "the end cut": "UPDATE platform.file SET chunks = 2 WHERE sha256 = $1",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
async def test_damaged_is_not_read_to_its_end(
    database: Database, vault: Vault, owner: Any, damage: str
) -> None:
    content = os.urandom(3 * CHUNK)
    sha256 = await store_file(database, vault, content)
    await owner.execute(damage, sha256)
    got = bytearray()
    with pytest.raises((SealBroken, files.FileDamaged)):
        await read_into(got, database, vault, sha256)
    assert len(got) < len(content)


async def test_a_chunk_of_another_file_does_not_open(database: Database, vault: Vault, owner: Any) -> None:
    mine, other = [await store_file(database, vault, os.urandom(100)) for _ in range(2)]
    await owner.execute(
        "UPDATE platform.file_chunk SET sealed = (SELECT sealed FROM platform.file_chunk WHERE sha256 = $2) WHERE sha256 = $1",
        mine,
        other,
    )
    with pytest.raises(SealBroken):
        await read_file(database, vault, mine)


def test_too_long_is_refused_at_the_first_byte_too_many() -> None:
    with files.IncomingFile(4 * CHUNK) as incoming:
        for _ in range(4):
            incoming.append(b"x" * CHUNK)
        with pytest.raises(files.FileTooLong) as refusal:
            incoming.append(b"x")
    assert refusal.value.status == 413


async def test_of_a_failed_transaction_is_not_stored(database: Database, vault: Vault) -> None:
    content = os.urandom(CHUNK)

    async def put_and_fail(incoming: files.IncomingFile) -> None:
        async with database.transaction() as session:
            await files.put(session, vault, incoming)
            raise ConnectionError

    with files.IncomingFile(MAX_BYTES) as incoming:
        incoming.append(content)
        incoming.finish()
        with pytest.raises(ConnectionError):
            await put_and_fail(incoming)
    with pytest.raises(NotFound):
        await read_file(database, vault, hashlib.sha256(content).hexdigest())
