"""Cases that stand on facts which change before their SK."""

from datetime import date
from typing import Any

from shared.contracts import caseload
from shared.contracts.kinds import DesilScope
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import business_ended, family_facts
from tests.factories.services import Running

DAY = date(2026, 5, 18)
WHY = {"reason": "Keadaan keluarga berubah."}
SIGNER = uuid7()
ELSEWHERE = "33.22.01.2001"
# With these answers the family reaches 75 percent with its business, and 60 percent without.
WEAK = {"INCOME_STABLE_MONTHS": 0, "DEBT_BURDEN_PERCENT": 90, "SAVINGS_RP": 0}


def facts(driver: CaseDriver, **other: Any) -> caseload.KpmUpdated:
    """Return the facts of the family as it was registered, and what differs now."""
    desil = [caseload.Desil(scope=DesilScope.NAS, value=5, snapshot="2026-Q1")]
    return family_facts(driver.kpm_id, **{"desil": desil, "pengurus_id": SIGNER, **other})


async def taken_to(service: Running, state: str, driver: CaseDriver | None = None) -> CaseDriver:
    """Return a case that stands on the family's business, in a state after its proposal."""
    await set_day(service, DAY)
    driver = driver or await CaseDriver.start(service, pengurus_id=SIGNER)
    await driver.open()
    assert expect_ok(await driver.assess(**WEAK))["result"] == "SIAP"
    expect_ok(await driver.sign(str(DAY)))
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    expect_ok(await driver.deliberate(str(DAY)))
    if state == "DISETUJUI_DINSOS":
        expect_ok(await driver.approve())
    assert await driver.read_state() == state
    return driver


async def close_business(driver: CaseDriver) -> None:
    """End the business that the assessment stands on."""
    await apply_events(driver.service, await business_ended(driver, DAY))


async def lose_signer(driver: CaseDriver) -> None:
    """Let the signer of the statement leave the family."""
    await apply_events(driver.service, facts(driver, former_members=[SIGNER], pengurus_id=uuid7()))


async def move_away(driver: CaseDriver) -> None:
    """Move the family to another kabupaten."""
    await apply_events(driver.service, facts(driver, kode_wilayah=ELSEWHERE))


async def show(driver: CaseDriver) -> dict[str, Any]:
    """Return the case as the ministry sees it."""
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown: dict[str, Any] = expect_ok(await driver.service.get(path, as_=driver.by["sk"]), 200)
    return shown


async def determine_all(drivers: list[CaseDriver], status: int = 201, sk_no: str = "SK/1/2026") -> Any:
    """Request one SK for all cases."""
    body = {"sk_no": sk_no, "sk_on": str(DAY), "graduasi_ids": [one.graduasi_id for one in drivers]}
    return expect_ok(await drivers[0].service.post("/v1/sk", body, as_=drivers[0].by["sk"]), status)


async def run_bulk(drivers: list[CaseDriver]) -> dict[str, Any]:
    """Request an SK by file, and return its ended job."""
    service, kemensos = drivers[0].service, drivers[0].by["sk"]
    lines = "\n".join(driver.graduasi_id for driver in drivers).encode()
    body = {"sk_no": "SK/2/2026", "sk_on": str(DAY), "sha256": await service.put_file(lines, as_=kemensos)}
    asked = expect_ok(await service.post("/v1/sk/bulk", body, as_=kemensos), 202)
    await service.work()
    job: dict[str, Any] = expect_ok(await service.get(asked["job"], as_=kemensos), 200)
    return job


async def postpone_by_sk(service: Running) -> CaseDriver:
    """Return an approved case whose signer has left, and which an SK has postponed."""
    driver = await taken_to(service, "DISETUJUI_DINSOS")
    await lose_signer(driver)
    await determine_all([driver], 200)
    return driver
