"""Sanggah and annulments, and the official who decides them."""

from datetime import date
from typing import Any

import httpx

from tests.factories.graduation.case import Road
from tests.factories.graduation.events import KENDAL
from tests.factories.services import Running

SK_ON, LAST_DAY, DAY_AFTER = "2026-05-18", date(2026, 6, 17), date(2026, 6, 18)


async def paper(road: Road, lodged_on: date, content: bytes = b"surat sanggah") -> dict[str, Any]:
    return {
        "lodged_on": lodged_on.isoformat(),
        "lodged_by": "MASYARAKAT",
        "channel": "PUSKESOS",
        "ground": "KEADAAN_BERUBAH",
        "evidence_sha256": await road.service.put_file(content, as_=road.by["musyawarah"]),
    }


async def lodge(road: Road, lodged_on: date, content: bytes = b"surat sanggah") -> httpx.Response:
    return await road.post("sanggah", await paper(road, lodged_on, content), "musyawarah")


def judge(service: Running) -> str:
    return service.token("DINSOS_KABKOTA", "dinsos-kendal-9", [KENDAL])


async def decide(road: Road, sanggah_id: str, outcome: str, as_: str = "", **more: Any) -> httpx.Response:
    body = {"outcome": outcome, "reason": "Pencari nafkah meninggal.", **more}
    path = f"/v1/sanggah/{sanggah_id}/decision"
    return await road.service.post(path, body, as_=as_ or judge(road.service))


async def annul(road: Road, as_: str = "", **more: Any) -> httpx.Response:
    body = {"ground": "DATA_KELIRU", "reason": "Keluarga tertukar dalam lampiran SK.", **more}
    path = f"/v1/graduasi/{road.graduasi_id}/annulment"
    return await road.service.post(path, body, as_=as_ or judge(road.service))


def tahap(*names: str, paid: bool = True) -> list[dict[str, Any]]:
    return [{"tahap": name, "paid": paid, "reason": "Dihentikan karena SK yang keliru."} for name in names]
