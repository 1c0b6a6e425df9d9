"""Deaths before, during and after a case, in four services."""

from deploy.demo.people import KEMENSOS
from deploy.invariants import violations
from tests.factories.journeys.deaths import Deaths
from tests.factories.journeys.four_services import FourServices

BUSINESS = ("USAHA_AGE_MONTHS", "USAHA_OMZET_RP", "USAHA_PERMIT")


async def test_deaths(four: FourServices) -> None:
    await four.world.day("2026-01-02")
    deaths = Deaths(four.world)
    await deaths.take_in()
    await deaths.determine()
    await check_death_in_term(deaths)
    await check_death_of_an_owner(deaths)
    await check_death_in_monitoring(deaths)
    await check_exit_by_death(deaths)
    await check_reversal_after_the_effect(deaths)
    assert four.world.failed == []
    await four.wait_until_idle()
    assert await violations(four.services, four.bootstrap, four.world.history) == []


async def check_death_in_term(deaths: Deaths) -> None:
    await deaths.die("IN_TERM", "2026-03-05")
    assert (await deaths.case_of("IN_TERM"))["state"] == "DIPULIHKAN"
    path = f"/v1/pendamping/{deaths.pendamping.pendamping_id}/scorecard?year=2026"
    card = await deaths.world.get("registry", path, KEMENSOS)
    assert (card["granted"], card["reversed"], card["net"]) == (2, 1, 1)
    cases = await deaths.cases_of_death("IN_TERM")
    assert set(cases) == {"PKH", "SEMBAKO"}
    for bansos in cases:
        payable = await deaths.payable("IN_TERM", bansos)
        assert (payable["payable"], payable["held_for"]) == ("HELD", "DEATH")
    await deaths.decide_deaths(list(cases.values()), "2026-03-06")


async def check_death_of_an_owner(deaths: Deaths) -> None:
    await deaths.die("OWNER", "2026-03-09")
    await deaths.world.day("2026-03-10")
    asesmen = await deaths.assess_owner()
    assert [asesmen["facts"][code] for code in BUSINESS] == [0, 0, False]


async def check_death_in_monitoring(deaths: Deaths) -> None:
    await deaths.world.day("2026-03-13")
    await deaths.reach("MONITORED", "EFEKTIF")
    await deaths.world.day("2026-04-01")
    await deaths.reach("MONITORED", "PEMANTAUAN")
    await deaths.die("MONITORED", "2026-04-20")
    case = await deaths.case_of("MONITORED")
    assert (case["state"], case["outcome"]) == ("SELESAI", "MENINGGAL")
    # SEMBAKO is the only membership that is left.
    assert set(await deaths.cases_of_death("MONITORED")) == {"SEMBAKO"}


async def check_exit_by_death(deaths: Deaths) -> None:
    deaths.cases |= await deaths.cases_of_death("IN_TERM")
    for bansos in ("PKH", "SEMBAKO"):  # A case that takes effect after the cut-off gets a later tahap.
        await deaths.reach(bansos, "EFEKTIF")
    await deaths.world.day("2026-07-02")
    for bansos in ("PKH", "SEMBAKO"):
        await deaths.reach(bansos, "SELESAI")
        ended = await deaths.payable("IN_TERM", bansos)
        assert (ended["payable"], ended["ends_on"], ended["held_for"]) == ("UP_TO", "2026-07-01", None)


async def check_reversal_after_the_effect(deaths: Deaths) -> None:
    await deaths.world.day("2026-07-03")
    await deaths.undo_death("IN_TERM")
    listed = await deaths.world.get("graduation", "/v1/graduasi?fact_undone=true", KEMENSOS)
    cases = {row["graduasi_id"] for row in listed["items"]}
    assert cases == {deaths.cases[bansos].graduasi_id for bansos in ("PKH", "SEMBAKO")}
    for bansos in ("PKH", "SEMBAKO"):
        await deaths.annul(bansos)
        again = await deaths.payable("IN_TERM", bansos)
        assert (again["payable"], again["held_for"]) == ("ALL", None)
