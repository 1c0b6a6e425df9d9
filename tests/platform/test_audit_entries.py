"""Entries of the audit trail: committed with a change, and before a read's answer."""

import asyncio
import secrets
from uuid import uuid4

import asyncpg
import pytest

from shared.access import Actor, Role
from shared.audit.entries import Entry
from shared.audit.writer import AuditWriter
from tests.factories.audit import close, read_entries
from tests.factories.services import Running
from tests.factories.transactions import one_transaction, watched

LEMBAGA = {"subject": "LEMBAGA", "name": "Karang Taruna Bina Muda"}
LOCK = "LOCK TABLE platform.audit_entry IN ACCESS EXCLUSIVE MODE"
LOST = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = 'registry_api' AND state = 'idle in transaction' AND backend_xid IS NOT NULL"
)
REVOKE = "REVOKE INSERT ON platform.audit_entry FROM registry_api"


async def register(registry: Running, **more: str) -> str:
    answer = await registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("KEMENSOS"), **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["pendamping_id"])


async def read_acts(registry: Running) -> list[tuple[str, str, int]]:
    return [(row["outcome"], row["act"], row["status"]) for row in await read_entries(registry)]


async def test_a_change_has_its_entry_in_its_transaction(registry: Running) -> None:
    async with one_transaction(registry, "pendamping", "platform.outbox"):
        pendamping_id = await register(registry)
    (entry,) = await read_entries(registry)
    assert (entry["outcome"], entry["actor"], entry["act"]) == ("CHANGED", "kemensos-1", "register")
    assert (entry["roles"], entry["areas"], entry["resource"]) == (["KEMENSOS"], ["*"], "pendamping")
    assert [str(one) for one in entry["subject_ids"]] == [pendamping_id]
    (row,) = await registry.sql("SELECT xmin::text::bigint AS transaction_id FROM pendamping")
    assert entry["transaction_id"] % 2**32 == row["transaction_id"]


async def test_a_read_is_committed_before_its_answer(registry: Running) -> None:
    pendamping_id, entries = await register(registry), []

    async def at_body() -> None:
        entries.extend(await read_entries(registry))

    async with watched(registry, registry.token("DINSOS_KABKOTA", areas=["33.24"]), at_body) as client:
        answer = await client.get("/v1/pendamping")
        assert answer.status_code == 200
    entry = entries[-1]
    assert (entry["outcome"], entry["act"], entry["areas"]) == ("READ", "list_pendamping", ["33.24"])
    assert entry["subject_count"] == len(entry["subject_ids"]) == answer.text.count('"pendamping_id"')
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert pendamping_id


async def test_a_repeated_request_is_a_read(registry: Running) -> None:
    key = secrets.token_hex(8)
    assert await register(registry, key=key) == await register(registry, key=key)
    assert await read_acts(registry) == [("CHANGED", "register", 201), ("READ", "register", 201)]


async def test_a_read_without_personal_data_has_no_entry(registry: Running) -> None:
    assert (await registry.get("/v1/target?year=2026", as_=registry.token("KEMENSOS"))).status_code == 200
    assert (await registry.get("/v1/pilar-kind", as_=registry.token("KEMENSOS"))).status_code == 200
    assert await read_entries(registry) == []


async def test_a_refused_permission_is_recorded_and_counted(registry: Running) -> None:
    before = await count_denials(registry, "403")
    assert (await registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("OPERATOR"))).status_code == 403
    (entry,) = await read_entries(registry)
    assert (entry["outcome"], entry["actor"], entry["act"]) == ("DENIED", "operator-1", "register")
    assert await count_denials(registry, "403") == before + 1


async def test_an_unseen_id_is_recorded_by_its_hash(registry: Running) -> None:
    before, id_ = await count_denials(registry, "404"), uuid4()
    for _ in range(2):
        answer = await registry.get(f"/v1/pendamping/{id_}", as_=registry.token("KEMENSOS"))
        assert answer.status_code == 404
    first, second = await read_entries(registry)
    assert first["id_hash"] == second["id_hash"] == registry.app.state.vault.index("audit", str(id_))
    assert (first["outcome"], first["resource"], first["subject_ids"]) == ("DENIED", "pendamping", [])
    assert await count_denials(registry, "404") == before + 2


async def count_denials(registry: Running, status: str) -> float:
    name = f'pilar_audit_denials_total{{resource="pendamping",service="registry",status="{status}"}} '
    lines = (await registry.metrics()).splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


@pytest.mark.parametrize("method", ["get", "post"])
async def test_without_its_entry_the_answer_is_503(registry: Running, method: str) -> None:
    token = registry.token("KEMENSOS")
    pendamping_id = await register(registry)
    await registry.execute(REVOKE)
    if method == "get":
        answer = await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)
    else:
        answer = await registry.post("/v1/pendamping", LEMBAGA, as_=token)
    assert (answer.status_code, answer.json()["title"]) == (503, "AuditUnavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert pendamping_id not in answer.text
    assert (await registry.sql("SELECT count(*) AS n FROM pendamping"))[0]["n"] == 1
    await registry.execute(REVOKE.replace("REVOKE", "GRANT").replace("FROM", "TO"))
    assert (await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)).status_code == 200


async def test_a_connection_that_is_lost_before_the_entry_is_503(
    registry: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILAR_FAULTPOINT", "command.before_commit=pause:1")
    posting = asyncio.create_task(registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("KEMENSOS")))
    await asyncio.sleep(0.5)
    assert await registry.sql(LOST)
    answer = await posting
    assert (answer.status_code, answer.json()["title"]) == (503, "AuditUnavailable")


async def test_a_read_waits_only_so_long_for_its_entry(registry: Running) -> None:
    pendamping_id, token = await register(registry), registry.token("KEMENSOS")
    blocking = await asyncpg.connect(registry.cluster.address(registry.database_name))
    try:
        async with blocking.transaction():
            await blocking.execute(LOCK)
            answer = await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)
            assert (answer.status_code, answer.json()["title"]) == (503, "AuditUnavailable")
            refused = registry.get(f"/v1/pendamping/{uuid4()}", as_=token)
            assert (await asyncio.wait_for(refused, 1.5)).status_code == 404
    finally:
        await blocking.close()
    assert (await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)).status_code == 200


async def test_concurrent_entries_share_a_commit(registry: Running) -> None:
    """They gather while the first is written, and are numbered without a gap."""
    actor = Actor("dinsos-1", frozenset({Role.DINSOS_KABKOTA}), ("33.24",))
    writer: AuditWriter = registry.app.state.audit
    entries = [Entry(actor, "read_kpm", "kpm", "READ", 200, str(number)) for number in range(40)]
    first = asyncio.create_task(writer.write(entries[0]))
    await asyncio.sleep(0)
    await asyncio.gather(first, *(writer.write(entry) for entry in entries[1:]))
    rows = await read_entries(registry)
    assert {row["request_id"] for row in rows} == {str(number) for number in range(40)}
    assert len({row["transaction_id"] for row in rows}) <= 2
    numbers = sorted(row["number"] for row in rows)
    assert (len({row["writer_id"] for row in rows}), numbers) == (1, list(range(numbers[0], numbers[0] + 40)))


async def test_an_entry_survives_the_end_of_its_connection(registry: Running) -> None:
    pendamping_id, token = await register(registry), registry.token("KEMENSOS")
    writer: AuditWriter = registry.app.state.audit
    for _ in range(2):
        assert (await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)).status_code == 200
        assert writer._connection is not None
        pid = writer._connection.get_server_pid()
        await registry.sql("SELECT pg_terminate_backend($1, 5000)", pid)
    assert (await registry.get(f"/v1/pendamping/{pendamping_id}", as_=token)).status_code == 200
    assert [act for act in await read_acts(registry) if act[0] == "READ"] == [
        ("READ", "read_pendamping", 200)
    ] * 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE platform.audit_entry SET actor = 'x'",
        "DELETE FROM platform.audit_entry",
        "TRUNCATE platform.audit_entry",
        "UPDATE platform.audit_entry_default SET actor = 'x'",
        "DELETE FROM platform.audit_block",
        "UPDATE platform.audit_block SET closed_at = now()",
        "UPDATE platform.audit_witness SET block_no = 1",
        "DELETE FROM platform.audit_witness",
        "DELETE FROM platform.bulk_read",
        "ALTER TABLE platform.audit_entry DISABLE TRIGGER ALL",
        "DROP TABLE platform.audit_entry",
    ],
)
async def test_no_role_of_a_service_changes_the_trail(registry: Running, statement: str) -> None:
    await registry.expect_sql_refusal(statement, asyncpg.InsufficientPrivilegeError)


async def test_the_api_closes_no_block(registry: Running) -> None:
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        for table in ("audit_block", "audit_witness", "bulk_read"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"INSERT INTO platform.{table} DEFAULT VALUES")
    finally:
        await connection.close()


async def test_a_late_commit_is_in_a_later_block(registry: Running) -> None:
    """Its transaction began before the block was closed, which could not see it."""
    late = await asyncpg.connect(registry.cluster.address(registry.database_name))
    try:
        await register(registry)
        (source,) = await read_entries(registry)
        row = dict(source) | {"audit_id": uuid4()}
        del row["transaction_id"]
        transaction = late.transaction()
        await transaction.start()
        marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await late.execute(
            f"INSERT INTO platform.audit_entry ({', '.join(row)}) VALUES ({marks})", *row.values()
        )
        second = await register(registry)
        await close(registry)
        await transaction.commit()
    finally:
        await late.close()
    assert await close(registry)
    assert not await close(registry)
    blocks = await registry.sql("SELECT entry_ids FROM platform.audit_block ORDER BY block_no")
    sealed = [audit_id for block in blocks for audit_id in block["entry_ids"]]
    assert sorted(sealed) == sorted(entry["audit_id"] for entry in await read_entries(registry))
    assert row["audit_id"] in blocks[-1]["entry_ids"]
    assert (len(blocks), bool(second)) == (2, True)
