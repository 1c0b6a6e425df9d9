"""Applications that were lodged or decided in error."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.approval import approve
from tests.factories.caseload.case import Case
from tests.factories.caseload.case_scenario import CaseScenario
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import dinsos_token, mother
from tests.factories.caseload.member import record_death
from tests.factories.services import Running, expect_refusal

OPEN = ["PBI", "SEMBAKO"]


@pytest.fixture
async def scenario(kendal_caseload: Running, graduation: Running) -> CaseScenario:
    """A family that left PKH on 1 January, and is asked about SEMBAKO and PBI."""
    family = await Family.create(kendal_caseload, mother())
    case = Case(family.kpm_id, (await family.read_memberships())["PKH"]["kepesertaan_id"])
    made = CaseScenario(family, graduation, case)
    await made.publish(case.build_determined(), case.build_graduated())
    await made.advance_to(2027, 2, 1)
    return made


async def list_pending(family: Family) -> list[str]:
    token = dinsos_token(family.caseload)
    answer = await family.caseload.get("/v1/kepesertaan-pending", as_=token)
    return sorted(row["bansos"] for row in answer.json()["items"])


async def read_status(family: Family) -> str:
    answer = await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=dinsos_token(family.caseload))
    return str(answer.json()["status"])


async def void(family: Family, kepesertaan_id: str) -> None:
    body = {"reason": "SALAH_PUTUS", "evidence_sha256": await family.upload_evidence(b"surat")}
    path, token = f"/v1/kepesertaan/{kepesertaan_id}/void", dinsos_token(family.caseload)
    approved = await approve(family.caseload, await family.post(path, body, as_=token))
    assert approved.status_code == 201, approved.text


@pytest.mark.parametrize("begun", [True, False])
async def test_re_entry_accepted_in_error_is_voided_as_if_the_family_had_stayed_out(
    scenario: CaseScenario, *, begun: bool
) -> None:
    family, left = scenario.family, await scenario.read_payable()
    assert (await read_status(family), await list_pending(family)) == ("LEFT", OPEN)
    usulan = await scenario.re_enter("2027-02-10")
    if begun:
        await scenario.advance_to(2027, 2, 11)
        assert await scenario.read_purpose() == "PENDAMPINGAN"
    assert await list_pending(family) == []
    await void(family, usulan["kepesertaan_id"])
    await scenario.advance_to(2027, 2, 20)
    assert (await read_status(family), await list_pending(family)) == ("LEFT", OPEN)
    assert await scenario.read_purpose() == "PEMANTAUAN"
    assert await scenario.read_payable() == left
    again = await scenario.re_enter("2027-03-01", lodged_on="2027-02-20")
    assert again["state"] == "ACCEPTED"


async def test_wrong_application_is_refused_and_the_right_one_lodged(scenario: CaseScenario) -> None:
    family = scenario.family
    body: dict[str, Any] = {"kpm_id": family.kpm_id, "bansos": "PKH", "reason": "Usaha tutup."}
    body |= {"ground": "LAINNYA", "lodged_on": "2027-01-25"}
    wrong = await family.post_ok("/v1/usulan", body)
    expect_refusal(await family.post("/v1/usulan", body | {"ground": "KAMBUH"}), "UsulanOpen")
    no = {"accepted": False, "reason": "Salah isi."}
    path = f"/v1/usulan/{wrong['usulan_id']}/decision"
    await family.post_ok(path, no, as_=dinsos_token(family.caseload))
    right = await family.post_ok("/v1/usulan", body | {"ground": "KAMBUH"})
    assert (right["state"], right["ground"]) == ("LODGED", "KAMBUH")


async def test_membership_kept_in_error_ends_by_an_exit_of_its_own(scenario: CaseScenario) -> None:
    family, memberships = scenario.family, await scenario.family.read_memberships()
    sembako = memberships["SEMBAKO"]["kepesertaan_id"]
    why = {"reason": "Lansia tetap memerlukan bantuan pangan."}
    await family.post_ok(f"/v1/kepesertaan/{sembako}/stay", why, as_=dinsos_token(family.caseload))
    exit_ = {"kpm_id": family.kpm_id, "kepesertaan_id": sembako, "exit_reason": "PINDAH", "on": "2027-01-20"}
    exit_ |= {"evidence_sha256": await family.upload_evidence()}
    assert (await family.post_ok("/v1/exit-proposal", exit_))["state"] == "PROPOSED"


async def test_voided_membership_of_a_later_day_is_in_no_proposal_of_a_death(
    kendal_caseload: Running, graduation: Running
) -> None:
    family = await Family.create(kendal_caseload, single_member_family())
    case = Case(family.kpm_id, (await family.read_memberships())["PKH"]["kepesertaan_id"])
    made = CaseScenario(family, graduation, case)
    await made.publish(case.build_determined(), case.build_graduated("2026-12-01"))
    await kendal_caseload.set_clock(datetime(2026, 12, 20, 3, tzinfo=UTC))
    usulan = await made.re_enter("2027-06-01", lodged_on="2026-12-19")
    await void(family, usulan["kepesertaan_id"])
    await record_death(family, pengurus=True)
    assert await family.read_emitted_data("exit_proposed") == []
