"""Look-ups in the audit trail: a family's readers, an account's reads, refusals, bulk reads."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from shared.access import Actor, Role
from shared.areas import in_areas
from shared.audit import bulk_reads
from shared.audit.chain import keys_of
from shared.audit.entries import Entry, insert_entry
from shared.audit.queries import about, select_entries
from shared.audit.tables import audit_entry
from shared.database import raw
from tests.factories.audit import read_entries
from tests.factories.caseload.hand_over import import_families, ketua_tim_token, read_today
from tests.factories.caseload.intake import dinsos_token, mother, pendamping_token
from tests.factories.services import Running, expect_refusal


async def look_up(service: Running, noun: str, **more: Any) -> list[dict[str, Any]]:
    answer = await service.get(f"/v1/audit/{noun}", as_=service.token("AUDITOR"), **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def outline(items: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(item["outcome"], item["actor"], item["act"]) for item in items]


@pytest.fixture
async def families(kendal_caseload: Running) -> list[str]:
    """Three families of Kendal. The entries of their intake are removed."""
    kpm_ids = await import_families(kendal_caseload, 3)
    await kendal_caseload.execute("DELETE FROM platform.audit_entry")
    return kpm_ids


async def test_readers_of_a_family_are_listed(kendal_caseload: Running, families: list[str]) -> None:
    first, second, _ = families
    office = dinsos_token(kendal_caseload)
    for path in (f"/v1/kpm/{first}", "/v1/kpm", f"/v1/kpm/{second}", f"/v1/kpm/{first}/history"):
        assert (await kendal_caseload.get(path, as_=office)).status_code == 200
    items = await look_up(kendal_caseload, f"subjects/{first}")
    assert [item["act"] for item in items] == ["read_kpm", "list_kpm", "list_kpm_history"]
    assert {item["actor"] for item in items} == {"dinsos-kendal-1"}
    # The list showed three families, of which the look-up names only this one.
    assert [(item["subject_ids"], item["subject_count"]) for item in items] == [
        ([first], 1),
        ([first], 3),
        ([first], 1),
    ]
    # The look-up itself has its entry too.
    assert (await look_up(kendal_caseload, f"subjects/{first}"))[-1]["act"] == "list_subject_entries"


async def test_a_request_for_a_part_of_a_family_is_listed(
    kendal_caseload: Running, families: list[str]
) -> None:
    office = dinsos_token(kendal_caseload)
    (member,) = await kendal_caseload.sql(
        "SELECT anggota_id FROM kpm_anggota WHERE kpm_id = $1 LIMIT 1", UUID(families[0])
    )
    path = f"/v1/anggota/{member['anggota_id']}"
    actor = Actor("dinsos-7", frozenset({Role.DINSOS_KABKOTA}), ("33.24",))
    entry = Entry(actor, "read_member", "anggota", "READ", 200, path, [member["anggota_id"]], 1)
    await write_entry(kendal_caseload, entry)
    assert outline(await look_up(kendal_caseload, f"subjects/{families[0]}")) == [
        ("READ", "dinsos-7", "read_member")
    ]
    assert office


async def write_entry(service: Running, *entries: Entry, at: datetime | None = None) -> None:
    async with service.session() as session:
        for entry in entries:
            await insert_entry(await raw(session), entry, keys_of(service.app.state.vault), at)


async def test_reads_of_an_account_are_listed_page_by_page(
    kendal_caseload: Running, families: list[str]
) -> None:
    for kpm_id in families:
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(kendal_caseload))
    auditor = kendal_caseload.token("AUDITOR")
    page = (await kendal_caseload.get("/v1/audit/accounts/dinsos-kendal-1?limit=2", as_=auditor)).json()
    rest = (await kendal_caseload.get(page["next"], as_=auditor)).json()
    assert [item["subject_ids"] for item in page["items"] + rest["items"]] == [[one] for one in families]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    params = {"since": later}
    assert await look_up(kendal_caseload, "accounts/dinsos-kendal-1", params=params) == []


async def test_an_id_is_recorded_in_whatever_spelling(kendal_caseload: Running, families: list[str]) -> None:
    office, operator, first = dinsos_token(kendal_caseload), kendal_caseload.token("OPERATOR"), families[0]
    for spelling in (UUID(first).hex, f"{{{first}}}", f"urn:uuid:{first}", first.upper()):
        assert (await kendal_caseload.get(f"/v1/kpm/{spelling}", as_=office)).status_code == 200
    headers = {"Authorization": f"Bearer {operator}", "Content-Type": "application/json"}
    # Whether this one family has ended is personal, although the answer names none.
    for body in (f'{{"kpm_ids" : ["{first.upper()}"]}}', f'{{"kpm\\u005fids":["{UUID(first).hex}"]}}'):
        counted = await kendal_caseload.client.post("/v1/numbers", content=body, headers=headers)
        assert counted.status_code == 200, counted.text
    entries = await read_entries(kendal_caseload)
    assert [(row["act"], row["subject_ids"]) for row in entries] == [
        *[("read_kpm", [UUID(first)])] * 4,
        *[("count_numbers", [UUID(first)])] * 2,
    ]


async def test_look_ups_that_miss_are_refused_attempts(kendal_caseload: Running, families: list[str]) -> None:
    office, unseen = dinsos_token(kendal_caseload), uuid4()
    for nik in (mother()[0]["nik"], mother()[0]["nik"][:-1] + "9"):
        missed = await kendal_caseload.post("/v1/kpm/look-up", {"nik": nik}, as_=office)
        expect_refusal(missed, "NotFound", 404)
    order = {"to_penugasan_id": str(uuid4()), "from_penugasan_id": str(unseen), "kode_wilayah": "33.24"}
    body = {**order, "on": str(await read_today(kendal_caseload))}
    refused = await kendal_caseload.post("/v1/hand-over/preview", body, as_=ketua_tim_token(kendal_caseload))
    assert refused.json()["title"] == "NotYetKnown"
    assert [item["act"] for item in await look_up(kendal_caseload, "denials")] == [
        "look_up_kpm",
        "look_up_kpm",
        "preview_families",
    ]
    hashes = {row["id_hash"] for row in await read_entries(kendal_caseload) if row["outcome"] == "DENIED"}
    assert len(hashes) == 3
    for spelling in (str(unseen), unseen.hex):
        (item,) = await look_up(kendal_caseload, "denials", params={"id": spelling})
        assert item["act"] == "preview_families"


async def test_refused_attempts_on_a_family_are_listed(kendal_caseload: Running, families: list[str]) -> None:
    stranger = pendamping_token(kendal_caseload, uuid4())
    for kpm_id in families:
        refused = await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=stranger)
        expect_refusal(refused, "NotFound", 404)
    items = await look_up(kendal_caseload, "denials", params={"id": families[0]})
    assert [(item["act"], item["status"], item["subject_ids"]) for item in items] == [("read_kpm", 404, [])]
    assert len(await look_up(kendal_caseload, "denials")) == 3


async def test_an_auditor_of_an_area_sees_its_families_only(
    kendal_caseload: Running, families: list[str]
) -> None:
    own, other = (kendal_caseload.token("AUDITOR", "auditor-2", [area]) for area in ("33.24", "33.25"))
    path, ids = f"/v1/audit/subjects/{families[0]}", [UUID(families[0]), uuid4()]
    ministry = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))
    await write_entry(kendal_caseload, Entry(ministry, "list_kpm", "kpm", "READ", 200, "r", ids, 2))
    (item,) = (await kendal_caseload.get(path, as_=own)).json()["items"]
    assert (item["subject_ids"], item["subject_count"]) == (families[:1], 2)
    (item, *_) = await look_up(kendal_caseload, f"subjects/{families[0]}")
    assert (item["subject_ids"], item["subject_count"]) == (families[:1], 2)
    expect_refusal(await kendal_caseload.get(path, as_=other), "NotFound", 404)
    for noun in ("accounts/dinsos-kendal-1", "denials", "bulk-reads"):
        expect_refusal(await kendal_caseload.get(f"/v1/audit/{noun}", as_=own), "NotAllowed", 403)


async def read_many(service: Running, sub: str, families: int, at: datetime) -> None:
    """Write two entries of an account that read so many families, each twice."""
    actor, ids = Actor(sub, frozenset({Role.DINSOS_KABKOTA}), ("33.24",)), [uuid4() for _ in range(families)]
    twice = [Entry(actor, "list_kpm", "kpm", "READ", 200, "r", ids, families)] * 2
    await write_entry(service, *twice, at=at)


async def report_bulk_reads(service: Running) -> list[tuple[str, int]]:
    await bulk_reads.schedule_now(service.worker)
    await service.work()
    return [(item["actor"], item["families"]) for item in await look_up(service, "bulk-reads")]


async def test_bulk_reads_are_reported_once_and_when_they_double(kendal_caseload: Running) -> None:
    await kendal_caseload.execute("UPDATE platform.bulk_read_limit SET families = 100")
    start = datetime.now(UTC) - timedelta(minutes=50)
    # A service sends many rujukan by itself.
    for sub, pages in (("dinsos-8", 2), ("dinsos-9", 1), ("system:caseload", 2)):
        for page in range(pages):
            # A family that is read twice counts once.
            await read_many(kendal_caseload, sub, 50, start + timedelta(minutes=20 * page))
    for _ in range(2):
        assert await report_bulk_reads(kendal_caseload) == [("dinsos-8", 100)]
    assert 'pilar_bulk_reads{service="caseload"} 1.0' in await kendal_caseload.metrics()
    await read_many(kendal_caseload, "dinsos-8", 99, start + timedelta(minutes=30))
    assert await report_bulk_reads(kendal_caseload) == [("dinsos-8", 100)]
    await read_many(kendal_caseload, "dinsos-8", 1, start + timedelta(minutes=30))
    assert await report_bulk_reads(kendal_caseload) == [("dinsos-8", 100), ("dinsos-8", 200)]


async def test_bulk_reads_while_no_worker_ran_are_reported(kendal_caseload: Running) -> None:
    assert await report_bulk_reads(kendal_caseload) == []
    stopped = datetime.now(UTC) - timedelta(hours=9)
    move = "UPDATE platform.scheduled_task SET due_at = $1 WHERE kind = $2 RETURNING kind"
    assert await kendal_caseload.sql(move, stopped, bulk_reads.KIND)
    await read_many(kendal_caseload, "dinsos-8", 1_000, stopped + timedelta(hours=4))
    assert await report_bulk_reads(kendal_caseload) == [("dinsos-8", 1_000)]
    # An entry names no more, so a higher limit would never be passed by one read.
    await kendal_caseload.expect_sql_refusal(
        "UPDATE platform.bulk_read_limit SET families = 1001", asyncpg.PostgresError
    )


def test_a_window_is_no_longer_than_an_hour() -> None:
    start, ids = datetime(2026, 3, 1, tzinfo=UTC), [uuid4() for _ in range(4)]
    reads = [(start + timedelta(minutes=25 * number), [ids[number]]) for number in range(4)]
    window = bulk_reads.find_largest_window(reads, timedelta(hours=1))
    assert (window.families, window.first_at, window.last_at) == (3, reads[0][0], reads[2][0])
    assert bulk_reads.find_largest_window([], timedelta(hours=1)).families == 0


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        (about([UUID(int=7)]), "subject_ids"),
        (audit_entry.c.actor == "a", "actor"),
        (audit_entry.c.outcome == "DENIED", "at_audit_id"),
        (in_areas(audit_entry.c.kode_wilayah, ["33.24"]), "kode_wilayah"),
    ],
)
async def test_each_look_up_follows_an_index(
    kendal_caseload: Running, condition: sa.ColumnElement[bool], index: str
) -> None:
    statement = select_entries(["at", "audit_id"]).where(condition).order_by("at", "audit_id").limit(50)
    text = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with kendal_caseload._open_connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {text}"))
    assert "Seq Scan" not in plan, plan
    assert index in plan, plan


async def test_each_read_of_a_family_has_an_entry(kendal_caseload: Running, families: list[str]) -> None:
    """One entry, in which each family of the page is named."""
    assert len((await kendal_caseload.get("/v1/kpm", as_=dinsos_token(kendal_caseload))).json()["items"]) == 3
    (entry,) = await read_entries(kendal_caseload)
    assert sorted(map(str, entry["subject_ids"])) == sorted(families)
