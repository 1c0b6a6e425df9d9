"""Applications of families that have left a bansos (docs/case-lifecycle.md#applications)."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.graduation import RelapseConfirmed
from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import DESA, OTHER, SPACE, dinsos_token, mother, pendamping_token
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal


@pytest.fixture
async def family_after_exit(kendal_caseload: Running, graduation: Running) -> Family:
    """A family whose PKH membership ended on 1 January."""
    family = await Family.create(kendal_caseload, mother())
    case = Case(family.kpm_id, (await family.read_memberships())["PKH"]["kepesertaan_id"])
    await graduation.publish(case.build_determined(), case.build_graduated())
    await deliver(graduation, kendal_caseload)
    await kendal_caseload.set_clock(datetime(2027, 2, 1, 3, tzinfo=UTC))
    return family


def usulan_body(family: Family, **more: Any) -> dict[str, Any]:
    return {
        "kpm_id": family.kpm_id,
        "bansos": "PKH",
        "reason": "Sanggah diserahkan setelah masa sanggah.",
        "ground": "SANGGAH_TERLAMBAT",
        "lodged_on": "2027-01-25",
    } | more


YES = {"accepted": True, "valid_from": "2027-04-01", "reason": "Memenuhi syarat."}
NO = {"accepted": False, "reason": "Tidak memenuhi syarat."}


async def test_usulan_is_recorded_with_sealed_reason(family_after_exit: Family) -> None:
    made = await family_after_exit.post_ok(
        "/v1/usulan",
        usulan_body(family_after_exit, evidence_sha256=await family_after_exit.upload_evidence()),
    )
    assert (made["state"], made["ground"], made["kepesertaan_id"]) == ("LODGED", "SANGGAH_TERLAMBAT", None)
    (row,) = await family_after_exit.caseload.sql("SELECT reason_sealed FROM usulan")
    assert b"Sanggah" not in row["reason_sealed"]
    listed = await family_after_exit.caseload.get("/v1/usulan?state=LODGED", as_=family_after_exit.mine)
    assert [one["usulan_id"] for one in listed.json()["items"]] == [made["usulan_id"]]
    assert ("usulan", "LODGED", "SANGGAH_TERLAMBAT") in await family_after_exit.read_history()


async def test_a_village_reads_its_own_reason_and_no_other(family_after_exit: Family) -> None:
    caseload = family_after_exit.caseload
    villages = [caseload.token(Role.OPERATOR_DESA, f"operator-desa-{n}", [DESA]) for n in (1, 2)]
    body = usulan_body(family_after_exit)
    await family_after_exit.post_ok("/v1/usulan", body, as_=villages[0])
    for village, own_reason in ((villages[0], body["reason"]), (villages[1], None)):
        (item,) = (await caseload.get("/v1/usulan", as_=village)).json()["items"]
        assert (item["own_reason"], "reason" in item) == (own_reason, False)


async def test_refused_usulan_is_final(family_after_exit: Family) -> None:
    made = await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))
    path, office = f"/v1/usulan/{made['usulan_id']}/decision", dinsos_token(family_after_exit.caseload)
    decided = await family_after_exit.post_ok(path, NO, as_=office)
    assert (decided["state"], decided["kepesertaan_id"], decided["decided_by"]) == (
        "REFUSED",
        None,
        "dinsos-kendal-1",
    )
    expect_refusal(await family_after_exit.post(path, YES, as_=office), "IllegalTransition")
    assert len(await family_after_exit.read_emitted_data("kepesertaan_started")) == 3
    await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))


async def test_lodger_cannot_decide(family_after_exit: Family) -> None:
    office = dinsos_token(family_after_exit.caseload)
    made = await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit), as_=office)
    path = f"/v1/usulan/{made['usulan_id']}/decision"
    expect_refusal(await family_after_exit.post(path, YES, as_=office), "DecidedByLodger")
    other = family_after_exit.caseload.token(Role.DINSOS_KABKOTA, "dinsos-kendal-2", ["33.24"])
    await family_after_exit.post_ok(path, YES, as_=other)


async def test_second_open_usulan_is_refused(family_after_exit: Family) -> None:
    first = await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))
    answer = await family_after_exit.post("/v1/usulan", usulan_body(family_after_exit))
    expect_refusal(answer, "UsulanOpen")
    assert answer.json()["params"] == {"usulan_id": first["usulan_id"]}


@pytest.mark.parametrize(
    ("more", "title", "status"),
    [
        ({"bansos": "SEMBAKO"}, "MembershipNotEnded", 409),
        ({"lodged_on": "2199-01-01"}, "DateInTheFuture", 422),
        ({"evidence_sha256": "0" * 64}, "FileNotUploaded", 422),
        ({"ground": "SEBAB_LAIN"}, "Invalid", 422),
    ],
)
async def test_invalid_usulan_is_refused(
    family_after_exit: Family, more: dict[str, str], title: str, status: int
) -> None:
    expect_refusal(
        await family_after_exit.post("/v1/usulan", usulan_body(family_after_exit, **more)), title, status
    )


@pytest.mark.parametrize(
    ("more", "title", "status"),
    [
        ({"valid_from": None}, "FirstDayMissing", 422),
        ({"valid_from": "2027-01-01"}, "DateBeforeUsulan", 422),
    ],
)
async def test_acceptance_with_invalid_first_day_is_refused(
    family_after_exit: Family, more: dict[str, Any], title: str, status: int
) -> None:
    made = await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))
    path = f"/v1/usulan/{made['usulan_id']}/decision"
    expect_refusal(
        await family_after_exit.post(path, YES | more, as_=dinsos_token(family_after_exit.caseload)),
        title,
        status,
    )


async def test_acceptance_before_the_end_is_refused(family_after_exit: Family) -> None:
    await family_after_exit.caseload.execute(
        "UPDATE kepesertaan SET valid = daterange(lower(valid), '2027-05-01') WHERE bansos = 'PKH'"
    )
    made = await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))
    path = f"/v1/usulan/{made['usulan_id']}/decision"
    expect_refusal(
        await family_after_exit.post(path, YES, as_=dinsos_token(family_after_exit.caseload)),
        "KepesertaanOverlaps",
    )
    (row,) = await family_after_exit.caseload.sql("SELECT state FROM usulan")
    assert row["state"] == "LODGED"


async def test_usulan_is_only_for_own_families_and_areas(family_after_exit: Family) -> None:
    expect_refusal(
        await family_after_exit.post(
            "/v1/usulan",
            usulan_body(family_after_exit),
            as_=pendamping_token(family_after_exit.caseload, OTHER),
        ),
        "NotFound",
        404,
    )
    made = await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))
    far, path = dinsos_token(family_after_exit.caseload, "35.03"), f"/v1/usulan/{made['usulan_id']}/decision"
    expect_refusal(await family_after_exit.post(path, YES, as_=far), "NotFound", 404)
    expect_refusal(await family_after_exit.post(path, YES), "NotAllowed", 403)


async def test_database_refuses_decision_by_the_lodger(family_after_exit: Family) -> None:
    await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit))
    with pytest.raises(asyncpg.CheckViolationError):
        await family_after_exit.caseload.execute(
            "UPDATE usulan SET state = 'REFUSED', decided_by = lodged_by, decided_by_sub = 'x'"
        )


async def test_usulan_finishes_the_re_entry_task(family_after_exit: Family, graduation: Running) -> None:
    relapse = {
        "graduasi_id": SPACE,
        "kpm_id": family_after_exit.kpm_id,
        "kode_wilayah": "33.24.09.2011",
        "month": 1,
    }
    relapse |= {"cause": "USAHA_SEPI", "confirmed_on": "2027-01-30"}
    await graduation.publish(RelapseConfirmed.model_validate(relapse))
    await deliver(graduation, family_after_exit.caseload)
    open_tasks = "SELECT kind FROM tugas WHERE done_at IS NULL"
    assert [row["kind"] for row in await family_after_exit.caseload.sql(open_tasks)] == ["RE_ENTRY"]
    await family_after_exit.post_ok("/v1/usulan", usulan_body(family_after_exit, ground="KAMBUH"))
    assert await family_after_exit.caseload.sql(open_tasks) == []
