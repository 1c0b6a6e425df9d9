"""The same account cannot lodge and decide, with or without a pendamping_id."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.access import Role
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import OTHER, PENDAMPING
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal

ORDERS = [(PENDAMPING, None), (None, PENDAMPING)]
NO = {"accepted": False, "reason": "Tidak memenuhi syarat."}


@pytest.fixture
async def family_of_one(kendal_caseload: Running) -> Family:
    return await Family.create(kendal_caseload, single_member_family())


def dinsos_token(family: Family, sub: str, pendamping_id: UUID | None) -> str:
    return family.caseload.token(Role.DINSOS_KABKOTA, sub, ["33.24"], pendamping_id=pendamping_id)


async def lodge_usulan(family: Family, as_: str) -> str:
    body = {
        "kpm_id": family.kpm_id,
        "bansos": "SEMBAKO",
        "reason": "Usaha tutup.",
        "ground": "LAINNYA",
        "lodged_on": "2026-01-15",
    }
    return str((await family.post_ok("/v1/usulan", body, as_=as_))["usulan_id"])


@pytest.mark.parametrize("order", ORDERS)
async def test_account_that_lodged_a_usulan_cannot_decide_it(
    family_of_one: Family, order: tuple[UUID | None, UUID | None]
) -> None:
    usulan_id = await lodge_usulan(family_of_one, dinsos_token(family_of_one, "one-account", order[0]))
    path = f"/v1/usulan/{usulan_id}/decision"
    expect_refusal(
        await family_of_one.post(path, NO, as_=dinsos_token(family_of_one, "one-account", order[1])),
        "DecidedByLodger",
    )
    decided = await family_of_one.post_ok(path, NO, as_=dinsos_token(family_of_one, "another-account", None))
    assert (decided["state"], decided["decided_by"]) == ("REFUSED", "another-account")


async def test_pendamping_cannot_decide_own_usulan_as_official(family_of_one: Family) -> None:
    sub = f"pendamping-{str(PENDAMPING)[:4]}"  # the account of `companion`
    path = f"/v1/usulan/{await lodge_usulan(family_of_one, family_of_one.mine)}/decision"
    for token in (
        dinsos_token(family_of_one, sub, None),
        dinsos_token(family_of_one, "another-account", PENDAMPING),
    ):
        expect_refusal(await family_of_one.post(path, NO, as_=token), "DecidedByLodger")
    await family_of_one.post_ok(path, NO, as_=dinsos_token(family_of_one, "another-account", OTHER))


@pytest.mark.parametrize(
    "deciding",
    [
        "decided_by = 'x', decided_by_sub = lodged_by_sub",
        "decided_by = lodged_by, decided_by_sub = 'x'",
        "decided_by = 'x'",
    ],
)
async def test_database_refuses_decision_by_the_lodger(family_of_one: Family, deciding: str) -> None:
    await lodge_usulan(family_of_one, dinsos_token(family_of_one, "one-account", None))
    with pytest.raises(asyncpg.CheckViolationError):
        await family_of_one.caseload.execute(f"UPDATE usulan SET state = 'REFUSED', {deciding}")


async def propose_exit(family: Family, as_: str) -> dict[str, Any]:
    pkh = (await family.read_memberships())["PKH"]
    body = {
        "kpm_id": family.kpm_id,
        "kepesertaan_id": pkh["kepesertaan_id"],
        "exit_reason": "PINDAH",
        "evidence_sha256": await family.upload_evidence(),
        "on": "2026-01-15",
    }
    return await family.post_ok("/v1/exit-proposal", body, as_=as_)


@pytest.mark.parametrize("order", ORDERS)
async def test_proposer_of_exit_cannot_approve_it_in_graduation(
    family_of_one: Family, graduation: Running, order: tuple[UUID | None, UUID | None]
) -> None:
    await propose_exit(family_of_one, dinsos_token(family_of_one, "one-account", order[0]))
    (event,) = await family_of_one.read_emitted_data("exit_proposed")
    assert (event["proposer"], event["proposer_sub"]) == (str(order[0] or "one-account"), "one-account")
    await deliver(family_of_one.caseload, graduation)
    (case,) = await graduation.sql("SELECT graduasi_id FROM graduasi")
    path = f"/v1/graduasi/{case['graduasi_id']}/verification"

    def ketua_tim_token(sub: str, pendamping_id: UUID | None) -> str:
        return graduation.token(Role.KETUA_TIM_KABKOTA, sub, ["33.24"], pendamping_id=pendamping_id)

    expect_refusal(
        await graduation.post(path, {}, as_=ketua_tim_token("one-account", order[1])), "SamePersonTwice", 403
    )
    if order[0]:
        other = ketua_tim_token("another-account", order[0])
        expect_refusal(await graduation.post(path, {}, as_=other), "SamePersonTwice", 403)
    answer = await graduation.post(path, {}, as_=ketua_tim_token("another-account", None))
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("order", ORDERS)
async def test_only_the_proposing_account_withdraws_an_exit(
    family_of_one: Family, order: tuple[UUID | None, UUID | None]
) -> None:
    made = await propose_exit(family_of_one, dinsos_token(family_of_one, "one-account", order[0]))
    path = f"/v1/exit-proposal/{made['exit_proposal_id']}/withdrawal"
    why = {"reason": "Keluarga ternyata masih tinggal di alamat lama."}
    expect_refusal(
        await family_of_one.post(path, why, as_=dinsos_token(family_of_one, "another-account", None)),
        "ProposalOfAnotherPerson",
        403,
    )
    assert (await family_of_one.post_ok(path, why, as_=dinsos_token(family_of_one, "one-account", order[1])))[
        "state"
    ] == "WITHDRAWN"
