"""Nobody decides a sanggah or an annulment against their own act."""

from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.factories.graduation.accounts import DAY, ORDERS, P, create_case_before, token
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.objection import annul_graduasi
from tests.factories.services import Running, expect_refusal


async def lodge_sanggah(
    driver: CaseDriver, by: str, content: bytes = b"surat sanggah", status: int = 201
) -> str:
    paper = {
        "lodged_on": str(DAY),
        "lodged_by": "MASYARAKAT",
        "channel": "DINSOS",
        "ground": "KEADAAN_BERUBAH",
        "evidence_sha256": await driver.service.put_file(content, as_=driver.by[by]),
        "register_no": "012/SANGGAH/2026",
    }
    return str(expect_ok(await driver.post("sanggah", paper, by), status)["sanggah_id"])


async def decide_sanggah(driver: CaseDriver, sanggah_id: str, as_: str) -> httpx.Response:
    body = {"outcome": "DITOLAK", "reason": "Keterangan tidak terbukti."}
    return await driver.service.post(f"/v1/sanggah/{sanggah_id}/decision", body, as_=as_)


async def create_case_in_term(
    service: Running, pendamping_id: UUID | None, *, four_people: bool = True
) -> CaseDriver:
    """A case in its term that the account `one-account` approved."""
    if not four_people:
        await service.sql("UPDATE policy SET four_people = false")
    driver = await create_case_before(service, "approval")
    driver.by["approval"] = token(service, "approval", "one-account", pendamping_id)
    expect_ok(await driver.approve())
    expect_ok(await driver.determine(str(DAY)))
    return driver


@pytest.mark.parametrize("four_people", [True, False])
@pytest.mark.parametrize("order", ORDERS)
async def test_account_of_a_stage_cannot_decide_or_annul(
    graduation: Running, order: tuple[UUID | None, UUID | None], four_people: bool
) -> None:
    driver = await create_case_in_term(graduation, order[0], four_people=four_people)
    mine = token(graduation, "approval", "one-account", order[1])
    other = token(graduation, "approval", "another-account", None)
    official = graduation.token("KEMENSOS", "one-account", pendamping_id=order[1])
    expect_refusal(await annul_graduasi(driver, official), "SamePersonTwice", 403)
    sanggah_id = await lodge_sanggah(driver, "musyawarah")
    for as_, count in ((mine, 0), (other, 1)):
        waits = expect_ok(await graduation.get("/v1/sanggah?waiting=me", as_=as_), 200)["items"]
        assert len(waits) == count
    expect_refusal(await decide_sanggah(driver, sanggah_id, mine), "SamePersonTwice", 403)
    expect_ok(await decide_sanggah(driver, sanggah_id, other))
    expect_ok(await annul_graduasi(driver))


@pytest.mark.parametrize("first", [P, None])
@pytest.mark.parametrize("second", [P, None])
async def test_person_who_recorded_a_sanggah_cannot_decide_it(
    graduation: Running, first: UUID | None, second: UUID | None
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    driver.by["desk"] = token(graduation, "approval", "desk", first)
    sanggah_id = await lodge_sanggah(driver, "desk")
    mine, other = (token(graduation, "approval", sub, second) for sub in ("desk", "elsewhere"))
    waits = await graduation.get("/v1/sanggah?waiting=me", as_=mine)
    assert expect_ok(waits, 200)["items"] == []
    answer = await decide_sanggah(driver, sanggah_id, mine)
    expect_refusal(answer, "DecidedByLodger", 409)
    assert await driver.read_state() == "DISANGGAH"
    if first is not None and second is not None:  # another account of the same pendamping_id
        expect_refusal(await decide_sanggah(driver, sanggah_id, other), "DecidedByLodger", 409)
        other = token(graduation, "approval", "elsewhere", None)
    expect_ok(await decide_sanggah(driver, sanggah_id, other))


DECISION = (
    "INSERT INTO sanggah_decision (sanggah_id, graduasi_id, kode_wilayah, typed_by, typed_by_sub, decided_on, decided_by,"
    " decided_by_sub, role, reason_sealed, at) SELECT sanggah_id, graduasi_id, kode_wilayah, $2, $3, '2026-05-18', $4, $5, 'x', 'x',"
    " now() FROM sanggah WHERE sanggah_id = $1"
)


@pytest.mark.parametrize(
    ("typed", "decided_as", "name"),
    [
        ((str(P), "desk"), ("desk", "desk"), "not_by_typist"),
        ((str(P), "desk"), (str(P), "another"), "not_by_typist"),
        (("x", "x"), ("desk", "desk"), "fk_sanggah_decision_sanggah_id"),
    ],
)
async def test_database_refuses_a_decision_by_the_person_who_recorded_it(
    graduation: Running, typed: tuple[str, str], decided_as: tuple[str, str], name: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    driver.by["desk"] = token(graduation, "approval", "desk", P)
    sanggah_id = UUID(await lodge_sanggah(driver, "desk"))
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=name):
            await connection.execute(DECISION, sanggah_id, *typed, *decided_as)
    finally:
        await connection.close()


@pytest.mark.parametrize("decided_as", [("desk-2", "other"), ("other", "desk-2")])
async def test_database_refuses_a_decision_by_who_added_a_scan(
    graduation: Running, decided_as: tuple[str, str]
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    driver.by["desk"] = token(graduation, "approval", "desk", P)
    driver.by["desk-2"] = token(graduation, "approval", "desk-2", None)
    sanggah_id = await lodge_sanggah(driver, "desk")
    assert await lodge_sanggah(driver, "desk-2", b"halaman kedua", 200) == sanggah_id
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="who recorded a sanggah"):
            await connection.execute(DECISION, UUID(sanggah_id), str(P), "desk", *decided_as)
    finally:
        await connection.close()
