"""Withheld tahap that an annulment does not pay stay unpaid (docs/case-lifecycle.md#annulment)."""

import pytest

from tests.factories.caseload.case import Case
from tests.factories.caseload.case_scenario import CaseScenario
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import mother
from tests.factories.services import Running

NOT_PAID = {"tahap": "2027-1", "paid": False, "reason": "TIDAK_BERHAK"}
PAID = {"tahap": "2027-2", "paid": True, "reason": "TETAP_BERHAK"}


@pytest.fixture
async def scenario(kendal_caseload: Running, graduation: Running) -> CaseScenario:
    family = await Family.create(kendal_caseload, mother())
    pkh = (await family.read_memberships())["PKH"]["kepesertaan_id"]
    scenario = CaseScenario(family, graduation, Case(family.kpm_id, pkh))
    await scenario.publish(scenario.case.build_determined(), scenario.case.build_graduated())
    await scenario.advance_to(2027, 4, 1)
    return scenario


async def test_tahap_that_is_not_paid_is_excepted_from_a_restored_membership(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_annulled(back_pay=[NOT_PAID]))
    shown = await scenario.read_tahap()
    assert (shown["payable"], shown["not_paid"], shown["back_pay"]) == ("EXCEPT", ["2027-1"], [])
    assert shown["back_pay_decisions"] == [NOT_PAID]
    assert (shown["status"], shown["ends_on"]) == ("ACTIVE", None)
    assert "2027-1" in shown["reason"]["en"]
    assert "tidak dibayarkan: 2027-1" in shown["reason"]["id"]


async def test_each_tahap_is_shown_with_its_own_decision(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_annulled("2027-2", back_pay=[PAID, NOT_PAID]))
    shown = await scenario.read_tahap()
    assert (shown["payable"], shown["not_paid"], shown["back_pay"]) == ("EXCEPT", ["2027-1"], ["2027-2"])
    membership = (await scenario.family.read_memberships())["PKH"]
    assert (membership["back_pay"], membership["back_pay_tahap"]) == ([NOT_PAID, PAID], ["2027-2"])


async def test_all_tahap_are_payable_if_each_withheld_one_is_paid(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_annulled("2027-2", back_pay=[PAID]))
    shown = await scenario.read_tahap()
    assert (shown["payable"], shown["not_paid"], shown["back_pay"]) == ("ALL", [], ["2027-2"])


async def test_unpaid_tahap_stays_unpaid_under_a_later_end(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_annulled(back_pay=[NOT_PAID]))
    later = Case(scenario.family.kpm_id, scenario.case.base["kepesertaan_id"], "later")
    await scenario.publish(later.build_determined(), later.build_graduated("2027-07-01", "2027-3", "2027-2"))
    shown = await scenario.read_tahap()
    assert (shown["payable"], shown["last_payable_tahap"]) == ("UP_TO", "2027-2")
    assert shown["not_paid"] == ["2027-1"]
