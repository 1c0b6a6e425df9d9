"""A family that has left applies anew; somebody else decides, and accepted it is a new membership (chain.md 2)."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.graduation import RelapseConfirmed
from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, refused
from tests.factories.caseload.intake import OTHER, SPACE, companion, dinsos, mother
from tests.factories.services import Running, deliver


@pytest.fixture
async def left(placed: Running, graduation: Running) -> Family:
    """A family whose PKH has ended on 1 January."""
    family = await Family.taken_in(placed, mother())
    case = Case(family.kpm_id, (await family.memberships())["PKH"]["kepesertaan_id"])
    await graduation.publish(case.determined(), case.graduated())
    await deliver(graduation, placed)
    await placed.set_clock(datetime(2027, 2, 1, 3, tzinfo=UTC))
    return family


def asked(family: Family, **more: Any) -> dict[str, Any]:
    return {
        "kpm_id": family.kpm_id,
        "bansos": "PKH",
        "reason": "Sanggah diserahkan setelah masa sanggah.",
        "ground": "SANGGAH_TERLAMBAT",
        "lodged_on": "2027-01-25",
    } | more


YES = {"accepted": True, "valid_from": "2027-04-01", "reason": "Memenuhi syarat."}
NO = {"accepted": False, "reason": "Tidak memenuhi syarat."}


async def test_is_recorded_with_its_ground_and_its_reason_sealed(left: Family) -> None:
    made = await left.done("/v1/usulan", asked(left, evidence_sha256=await left.evidence()))
    assert (made["state"], made["ground"], made["kepesertaan_id"]) == ("LODGED", "SANGGAH_TERLAMBAT", None)
    (row,) = await left.caseload.sql("SELECT reason_sealed FROM usulan")
    assert b"Sanggah" not in row["reason_sealed"]
    listed = await left.caseload.get("/v1/usulan?state=LODGED", as_=left.mine)
    assert [one["usulan_id"] for one in listed.json()["items"]] == [made["usulan_id"]]
    assert ("usulan", "LODGED", "SANGGAH_TERLAMBAT") in await left.acts()


async def test_is_refused_with_a_reason_and_ends_there(left: Family) -> None:
    made = await left.done("/v1/usulan", asked(left))
    path, office = f"/v1/usulan/{made['usulan_id']}/decision", dinsos(left.caseload)
    decided = await left.done(path, NO, as_=office)
    assert (decided["state"], decided["kepesertaan_id"], decided["decided_by"]) == (
        "REFUSED",
        None,
        "dinsos-kendal-1",
    )
    refused(await left.post(path, YES, as_=office), "IllegalTransition")
    assert len(await left.emitted_data("kepesertaan_started")) == 3
    await left.done("/v1/usulan", asked(left))


async def test_is_not_decided_by_who_handed_it_in(left: Family) -> None:
    office = dinsos(left.caseload)
    made = await left.done("/v1/usulan", asked(left), as_=office)
    path = f"/v1/usulan/{made['usulan_id']}/decision"
    refused(await left.post(path, YES, as_=office), "DecidedByLodger")
    other = left.caseload.token(Role.DINSOS_KABKOTA, "dinsos-kendal-2", ["33.24"])
    await left.done(path, YES, as_=other)


async def test_waits_alone(left: Family) -> None:
    await left.done("/v1/usulan", asked(left))
    refused(await left.post("/v1/usulan", asked(left)), "UsulanOpen")


@pytest.mark.parametrize(
    ("more", "title", "status"),
    [
        ({"bansos": "SEMBAKO"}, "MembershipNotEnded", 409),
        ({"lodged_on": "2199-01-01"}, "DateInTheFuture", 422),
        ({"evidence_sha256": "0" * 64}, "FileNotUploaded", 422),
        ({"ground": "SEBAB_LAIN"}, "Invalid", 422),
    ],
)
async def test_that_cannot_be_is_refused(left: Family, more: dict[str, str], title: str, status: int) -> None:
    refused(await left.post("/v1/usulan", asked(left, **more)), title, status)


@pytest.mark.parametrize(
    ("more", "title", "status"),
    [
        ({"valid_from": None}, "FirstDayMissing", 422),
        ({"valid_from": "2027-01-01"}, "DateBeforeUsulan", 422),
    ],
)
async def test_accepted_from_an_impossible_day_is_refused(
    left: Family, more: dict[str, Any], title: str, status: int
) -> None:
    made = await left.done("/v1/usulan", asked(left))
    path = f"/v1/usulan/{made['usulan_id']}/decision"
    refused(await left.post(path, YES | more, as_=dinsos(left.caseload)), title, status)


async def test_accepted_before_the_dated_end_is_refused(left: Family) -> None:
    await left.caseload.execute(
        "UPDATE kepesertaan SET valid = daterange(lower(valid), '2027-05-01') WHERE bansos = 'PKH'"
    )
    made = await left.done("/v1/usulan", asked(left))
    path = f"/v1/usulan/{made['usulan_id']}/decision"
    refused(await left.post(path, YES, as_=dinsos(left.caseload)), "KepesertaanOverlaps")
    (row,) = await left.caseload.sql("SELECT state FROM usulan")
    assert row["state"] == "LODGED"


async def test_is_not_for_who_does_not_hold_the_family(left: Family) -> None:
    refused(await left.post("/v1/usulan", asked(left), as_=companion(left.caseload, OTHER)), "NotFound", 404)
    made = await left.done("/v1/usulan", asked(left))
    far, path = dinsos(left.caseload, "35.03"), f"/v1/usulan/{made['usulan_id']}/decision"
    refused(await left.post(path, YES, as_=far), "NotFound", 404)
    refused(await left.post(path, YES), "NotAllowed", 403)


async def test_is_decided_by_two_persons_in_the_database_too(left: Family) -> None:
    await left.done("/v1/usulan", asked(left))
    with pytest.raises(asyncpg.CheckViolationError):
        await left.caseload.execute(
            "UPDATE usulan SET state = 'REFUSED', decided_by = lodged_by, decided_by_sub = 'x'"
        )


async def test_is_what_the_task_after_a_relapse_asked_for(left: Family, graduation: Running) -> None:
    said = {"graduasi_id": SPACE, "kpm_id": left.kpm_id, "kode_wilayah": "33.24.09.2011", "month": 1}
    said |= {"cause": "USAHA_SEPI", "confirmed_on": "2027-01-30"}
    await graduation.publish(RelapseConfirmed.model_validate(said))
    await deliver(graduation, left.caseload)
    open_tasks = "SELECT kind FROM tugas WHERE done_at IS NULL"
    assert [row["kind"] for row in await left.caseload.sql(open_tasks)] == ["RE_ENTRY"]
    await left.done("/v1/usulan", asked(left, ground="KAMBUH"))
    assert await left.caseload.sql(open_tasks) == []
