"""Caseload and graduation agree on the reasons that open by a proposal."""

from tests.factories.services import Running


async def test_both_services_agree_on_the_reasons_that_open_by_a_proposal(
    caseload: Running, graduation: Running
) -> None:
    grounds = await caseload.sql("SELECT exit_reason FROM exit_ground")
    policies = await graduation.sql("SELECT exit_reason FROM policy WHERE opened_by = 'EXIT_PROPOSED'")
    assert {row["exit_reason"] for row in grounds} == {row["exit_reason"] for row in policies}
