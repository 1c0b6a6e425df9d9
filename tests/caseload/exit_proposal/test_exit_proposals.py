"""Proposals to end a membership on evidence (docs/case-lifecycle.md#exits-on-evidence)."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.graduation import GraduasiProposed
from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import (
    OTHER,
    PENDAMPING,
    PENUGASAN,
    dinsos_token,
    mother,
    pendamping_token,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal


@pytest.fixture
async def family_of_one(kendal_caseload: Running) -> Family:
    return await Family.create(kendal_caseload, single_member_family())


async def build_exit_proposal(family: Family, **more: Any) -> dict[str, Any]:
    pkh = (await family.read_memberships())["PKH"]
    return {
        "kpm_id": family.kpm_id,
        "kepesertaan_id": pkh["kepesertaan_id"],
        "exit_reason": "PINDAH",
        "evidence_sha256": await family.upload_evidence(),
        "on": "2026-01-15",
    } | more


async def test_proposal_is_emitted_with_evidence_and_ends_nothing(family_of_one: Family) -> None:
    body = await build_exit_proposal(family_of_one, note="Akta kematian dari kelurahan.")
    made = await family_of_one.post_ok("/v1/exit-proposal", body)
    (event,) = await family_of_one.read_emitted_data("exit_proposed")
    assert event["exit_proposal_id"] == made["exit_proposal_id"]
    assert (event["exit_reason"], event["evidence_sha256"]) == ("PINDAH", body["evidence_sha256"])
    assert (UUID(event["pendamping_id"]), UUID(event["penugasan_id"])) == (PENDAMPING, PENUGASAN)
    assert event["proposer"] == str(PENDAMPING)
    assert "note" not in event
    assert (await family_of_one.read_memberships())["PKH"]["status"] == "ACTIVE"
    assert ("exit_proposal", "PROPOSED", "PINDAH") in await family_of_one.read_history()


async def test_proposal_of_official_names_no_pendamping(family_of_one: Family) -> None:
    await family_of_one.post_ok(
        "/v1/exit-proposal",
        await build_exit_proposal(family_of_one, exit_reason="PINDAH"),
        as_=dinsos_token(family_of_one.caseload),
    )
    (event,) = await family_of_one.read_emitted_data("exit_proposed")
    assert (event["pendamping_id"], event["proposer"]) == (None, "dinsos-kendal-1")


async def test_death_is_refused_for_family_with_other_members(kendal_caseload: Running) -> None:
    family = await Family.create(kendal_caseload, mother())
    expect_refusal(
        await family.post("/v1/exit-proposal", await build_exit_proposal(family, exit_reason="MENINGGAL")),
        "FamilyHasOtherMembers",
    )
    assert await family.read_emitted_data("exit_proposed") == []


@pytest.mark.parametrize("reason", ["ALAMIAH", "SEJAHTERA_MANDIRI", "HASIL_PEMUTAKHIRAN"])
async def test_proposal_for_another_reason_is_refused(family_of_one: Family, reason: str) -> None:
    answer = await family_of_one.post(
        "/v1/exit-proposal", await build_exit_proposal(family_of_one, exit_reason=reason)
    )
    expect_refusal(answer, "ExitNotProposable", 422)


async def test_proposal_without_stored_evidence_is_refused(family_of_one: Family) -> None:
    answer = await family_of_one.post(
        "/v1/exit-proposal", await build_exit_proposal(family_of_one, evidence_sha256="0" * 64)
    )
    expect_refusal(answer, "FileNotUploaded", 422)


@pytest.mark.parametrize(
    ("on", "title"), [("2018-01-01", "DateBeforeMembership"), ("2199-01-01", "DateInTheFuture")]
)
async def test_proposal_with_invalid_day_is_refused(family_of_one: Family, on: str, title: str) -> None:
    expect_refusal(
        await family_of_one.post("/v1/exit-proposal", await build_exit_proposal(family_of_one, on=on)),
        title,
        422,
    )


async def test_second_proposal_is_refused(family_of_one: Family) -> None:
    body = await build_exit_proposal(family_of_one)
    first = await family_of_one.post_ok("/v1/exit-proposal", body)
    again = await family_of_one.post("/v1/exit-proposal", body)
    expect_refusal(again, "ExitAlreadyProposed")
    assert again.json()["params"] == {"exit_proposal_id": first["exit_proposal_id"]}
    assert len(await family_of_one.read_emitted_data("exit_proposed")) == 1


async def test_proposal_during_open_case_is_refused(family_of_one: Family, graduation: Running) -> None:
    body = await build_exit_proposal(family_of_one)
    event = {"graduasi_id": UUID(int=7), "kpm_id": family_of_one.kpm_id, "kode_wilayah": "33.24.09.2011"}
    event |= {"kepesertaan_id": body["kepesertaan_id"], "exit_reason": "ALAMIAH"}
    await graduation.publish(GraduasiProposed.model_validate(event))
    await deliver(graduation, family_of_one.caseload)
    refused = await family_of_one.post("/v1/exit-proposal", body)
    expect_refusal(refused, "CaseAlreadyOpen")
    assert refused.json()["params"] == {"graduasi_id": str(UUID(int=7))}


async def test_proposal_for_ended_membership_is_refused(family_of_one: Family) -> None:
    body = await build_exit_proposal(family_of_one)
    await family_of_one.caseload.execute(
        "UPDATE kepesertaan SET valid = daterange(lower(valid), '2026-01-01'), exit_reason = 'PINDAH'"
    )
    expect_refusal(await family_of_one.post("/v1/exit-proposal", body), "MembershipHasEnded")


async def test_proposal_for_another_familys_membership_is_refused(
    family_of_one: Family, kendal_caseload: Running
) -> None:
    other = await Family.create(kendal_caseload, mother())
    body = await build_exit_proposal(
        family_of_one, kepesertaan_id=(await other.read_memberships())["PKH"]["kepesertaan_id"]
    )
    expect_refusal(await family_of_one.post("/v1/exit-proposal", body), "NotFound", 404)


async def test_proposal_is_only_for_own_families_and_areas(family_of_one: Family) -> None:
    body = await build_exit_proposal(family_of_one)
    stranger = pendamping_token(family_of_one.caseload, OTHER)
    expect_refusal(await family_of_one.post("/v1/exit-proposal", body, as_=stranger), "NotFound", 404)
    far = dinsos_token(family_of_one.caseload, "35.03")
    expect_refusal(await family_of_one.post("/v1/exit-proposal", body, as_=far), "NotFound", 404)


async def test_proposal_is_listed_only_to_who_may_read_the_family(family_of_one: Family) -> None:
    await family_of_one.post_ok("/v1/exit-proposal", await build_exit_proposal(family_of_one))
    get = family_of_one.caseload.get
    assert len((await get("/v1/exit-proposal?state=PROPOSED", as_=family_of_one.mine)).json()["items"]) == 1
    assert (await get("/v1/exit-proposal?state=ENDED", as_=family_of_one.mine)).json()["items"] == []
    for other in (
        pendamping_token(family_of_one.caseload, OTHER),
        dinsos_token(family_of_one.caseload, "35.03"),
    ):
        assert (await get("/v1/exit-proposal", as_=other)).json()["items"] == []


async def test_database_refuses_second_open_proposal(family_of_one: Family) -> None:
    await family_of_one.post_ok("/v1/exit-proposal", await build_exit_proposal(family_of_one))
    columns = (
        "kpm_id, kepesertaan_id, bansos, exit_reason, evidence_sha256, happened_on, proposer, proposer_sub,"
        " proposed_on, state, changed_at"
    )
    again = f"INSERT INTO exit_proposal (exit_proposal_id, {columns}) SELECT uuidv7(), {columns} FROM exit_proposal"
    with pytest.raises(asyncpg.UniqueViolationError):
        await family_of_one.caseload.sql(again)


async def test_note_is_stored_sealed(family_of_one: Family) -> None:
    await family_of_one.post_ok(
        "/v1/exit-proposal", await build_exit_proposal(family_of_one, note="Akta kematian dari kelurahan.")
    )
    (row,) = await family_of_one.caseload.sql("SELECT note_sealed FROM exit_proposal")
    assert b"Akta" not in row["note_sealed"]
    assert family_of_one.caseload.token(Role.KEMENSOS)


WHY = {"reason": "Keluarga ternyata masih tinggal di alamat lama."}


async def withdraw_exit_proposal(family: Family, proposal: dict[str, Any], **more: Any) -> Any:
    return await family.post(f"/v1/exit-proposal/{proposal['exit_proposal_id']}/withdrawal", WHY, **more)


async def publish_events(family: Family, graduation: Running, *events: Any) -> None:
    await graduation.publish(*events)
    await deliver(graduation, family.caseload)


async def read_state(family: Family) -> str:
    return str((await family.caseload.get("/v1/exit-proposal", as_=family.mine)).json()["items"][0]["state"])


async def test_proposer_withdraws_and_withdrawal_is_emitted(family_of_one: Family) -> None:
    made = await family_of_one.post_ok("/v1/exit-proposal", await build_exit_proposal(family_of_one))
    answer = await withdraw_exit_proposal(family_of_one, made)
    assert (answer.status_code, answer.json()["state"]) == (201, "WITHDRAWN"), answer.text
    (event,) = await family_of_one.read_emitted_data("exit_proposal_withdrawn")
    assert (event["exit_proposal_id"], event["withdrawn_by"]) == (made["exit_proposal_id"], str(PENDAMPING))
    assert "reason" not in event
    (row,) = await family_of_one.caseload.sql("SELECT withdrawal_reason_sealed FROM exit_proposal")
    assert b"alamat" not in row["withdrawal_reason_sealed"]
    assert ("exit_proposal", "WITHDRAWN", "PINDAH") in await family_of_one.read_history()
    expect_refusal(await withdraw_exit_proposal(family_of_one, made), "ExitNotOpen")
    await family_of_one.post_ok("/v1/exit-proposal", await build_exit_proposal(family_of_one))


async def test_others_cannot_withdraw(family_of_one: Family) -> None:
    made = await family_of_one.post_ok("/v1/exit-proposal", await build_exit_proposal(family_of_one))
    expect_refusal(
        await withdraw_exit_proposal(family_of_one, made, as_=dinsos_token(family_of_one.caseload)),
        "ProposalOfAnotherPerson",
        403,
    )
    expect_refusal(
        await withdraw_exit_proposal(family_of_one, made, as_=dinsos_token(family_of_one.caseload, "35.03")),
        "NotFound",
        404,
    )
    assert await family_of_one.read_emitted_data("exit_proposal_withdrawn") == []


async def test_proposal_with_sk_cannot_be_withdrawn(family_of_one: Family, graduation: Running) -> None:
    body = await build_exit_proposal(family_of_one)
    made = await family_of_one.post_ok("/v1/exit-proposal", body)
    case = Case(family_of_one.kpm_id, body["kepesertaan_id"])
    mine = case.build_event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    await publish_events(family_of_one, graduation, mine, case.build_determined())
    answer = await withdraw_exit_proposal(family_of_one, made)
    expect_refusal(answer, "ExitDetermined")
    assert "12/HUK/2026" in answer.json()["detail"]


async def test_proposal_follows_only_its_own_case(family_of_one: Family, graduation: Running) -> None:
    """A proposal that waits behind another's case stays PROPOSED until its own case ends."""
    body = await build_exit_proposal(family_of_one)
    made = await family_of_one.post_ok("/v1/exit-proposal", body)
    other, own = (Case(family_of_one.kpm_id, body["kepesertaan_id"], name) for name in ("other", "own"))
    await publish_events(family_of_one, graduation, other.build_proposed(), other.build_closed())
    assert await read_state(family_of_one) == "PROPOSED"
    mine = own.build_event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    # Returned, a case is proposed again by somebody else, who names no proposal.
    await publish_events(family_of_one, graduation, mine, own.build_proposed())
    assert await read_state(family_of_one) == "PROPOSED"
    await publish_events(family_of_one, graduation, own.build_closed())
    assert await read_state(family_of_one) == "CLOSED"


async def test_sk_prevails_over_later_withdrawal(family_of_one: Family, graduation: Running) -> None:
    body = await build_exit_proposal(family_of_one)
    made = await family_of_one.post_ok("/v1/exit-proposal", body)
    assert (await withdraw_exit_proposal(family_of_one, made)).status_code == 201
    case = Case(family_of_one.kpm_id, body["kepesertaan_id"])
    mine = case.build_event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    await publish_events(family_of_one, graduation, mine, case.build_determined())
    assert await read_state(family_of_one) == "WITHDRAWN"
    await publish_events(family_of_one, graduation, case.build_graduated())
    assert await read_state(family_of_one) == "ENDED"
