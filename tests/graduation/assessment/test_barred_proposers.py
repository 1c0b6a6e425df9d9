"""A proposal by somebody dismissed or under an ethics hearing grounds no decision."""

import pytest

from tests.factories.graduation.author import change_status, hand_over
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.changed_facts import WHY, determine_all, show
from tests.factories.graduation.exit_proposal import apply_proposal, build_exit_proposed, start_case
from tests.factories.services import Running, expect_refusal

BARRED = [("DIBERHENTIKAN", "PELANGGARAN_BERAT"), ("NONAKTIF", "SIDANG_ETIK")]


async def propose_exit(service: Running, **more: object) -> CaseDriver:
    """Return a verified case that an exit proposal has opened."""
    driver = await start_case(service)
    await apply_proposal(driver, build_exit_proposed(driver, "TIDAK_DITEMUKAN", **more))
    expect_ok(await driver.verify())
    return driver


@pytest.mark.parametrize(("status", "reason"), BARRED)
async def test_case_of_a_barred_proposer_is_proposed_again(
    graduation: Running, status: str, reason: str
) -> None:
    driver = await propose_exit(graduation)
    await change_status(driver, status, reason)
    refused = await driver.approve()
    expect_refusal(refused, "ProposerBarred")
    assert "proposes it again" in refused.json()["detail"]
    assert [one["code"] for one in (await show(driver))["changes"]] == ["PROPOSER"]
    await hand_over(driver)
    expect_ok(await driver.post("return", WHY, "approval"))
    for step in (driver.propose, driver.verify, driver.approve):
        expect_ok(await step())


async def test_sk_postpones_the_case_of_a_barred_proposer(graduation: Running) -> None:
    driver = await propose_exit(graduation)
    expect_ok(await driver.approve())
    await change_status(driver, "DIBERHENTIKAN")
    await determine_all([driver], 200)
    shown = await show(driver)
    assert (shown["state"], shown["held_for"]) == ("DITUNDA", "USULAN_GUGUR")
    expect_refusal(await driver.post("resumption", WHY, "approval"), "ProposerBarred")


@pytest.mark.parametrize("status", ["CUTI", "MUTASI", "MENINGGAL"])
async def test_other_statuses_of_the_proposer_change_nothing(graduation: Running, status: str) -> None:
    driver = await propose_exit(graduation)
    await change_status(driver, status, "LAINNYA")
    expect_ok(await driver.approve())


async def test_proposal_by_dinsos_has_no_barred_proposer(graduation: Running) -> None:
    official = {"proposer": "dinsos-kendal-7", "pendamping_id": None, "penugasan_id": None}
    driver = await propose_exit(graduation, **official)
    await change_status(driver, "DIBERHENTIKAN")
    expect_ok(await driver.approve())
    assert (await determine_all([driver]))["determined"] == [driver.graduasi_id]
