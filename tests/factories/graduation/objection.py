"""Sanggah and annulments, and the official who decides them."""

from datetime import date
from typing import Any

import httpx

from tests.factories.approval import approve
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.services import Running

SK_ON, LAST_DAY, DAY_AFTER = "2026-05-18", date(2026, 6, 17), date(2026, 6, 18)


async def build_sanggah(
    driver: CaseDriver, lodged_on: date, content: bytes = b"surat sanggah", **more: Any
) -> dict[str, Any]:
    return {
        "lodged_on": lodged_on.isoformat(),
        "lodged_by": "MASYARAKAT",
        "channel": "PUSKESOS",
        "ground": "KEADAAN_BERUBAH",
        "evidence_sha256": await driver.service.put_file(content, as_=driver.by["musyawarah"]),
        **more,
    }


async def lodge_sanggah(
    driver: CaseDriver,
    lodged_on: date,
    content: bytes = b"surat sanggah",
    by: str = "musyawarah",
    **more: Any,
) -> httpx.Response:
    return await driver.post("sanggah", await build_sanggah(driver, lodged_on, content, **more), by)


async def create_sanggah(
    service: Running, lodged_on: date = LAST_DAY, typed_on: date | None = None
) -> tuple[CaseDriver, str]:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(service, typed_on or lodged_on)
    return driver, expect_ok(await lodge_sanggah(driver, lodged_on))["sanggah_id"]


def decider_token(service: Running) -> str:
    return service.token("DINSOS_KABKOTA", "dinsos-kendal-9", [KENDAL])


async def decide_sanggah(
    driver: CaseDriver, sanggah_id: str, outcome: str, as_: str = "", **more: Any
) -> httpx.Response:
    body = {"outcome": outcome, "reason": "Pencari nafkah meninggal.", **more}
    path = f"/v1/sanggah/{sanggah_id}/decision"
    return await driver.service.post(path, body, as_=as_ or decider_token(driver.service))


async def request_annulment(driver: CaseDriver, as_: str = "", **more: Any) -> httpx.Response:
    service, why = driver.service, {"reason": "Keluarga tertukar dalam lampiran SK."}
    scan = await service.put_file(b"nota dinas", as_=driver.by["sk"])
    body = {"ground": "DATA_KELIRU", "evidence_sha256": scan, **why, **more}
    path = f"/v1/graduasi/{driver.graduasi_id}/annulment"
    return await service.post(path, body, as_=as_ or service.token("KEMENSOS", "kemensos-8"))


async def annul_graduasi(driver: CaseDriver, as_: str = "", **more: Any) -> httpx.Response:
    """Request the annulment and approve it by another account.

    Return the first refusal, else the approval.
    """
    requested = await request_annulment(driver, as_, **more)
    return await approve(driver.service, requested) if requested.is_success else requested


def build_tahap(*names: str, paid: bool = True) -> list[dict[str, Any]]:
    return [{"tahap": name, "paid": paid, "reason": "Dihentikan karena SK yang keliru."} for name in names]
