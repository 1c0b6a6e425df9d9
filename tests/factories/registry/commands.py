"""The past of registry's tests, made by commands over HTTP."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.factories.services import Running

NIK = "3324075211879001"
START = datetime(2026, 3, 1, 2, tzinfo=UTC)
KELURAHAN = "33.24.09.2011"


def ministry(registry: Running) -> str:
    return registry.token("KEMENSOS", "kemensos-1")


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def pendamping(registry: Running, nik: str | None = NIK, **more: Any) -> dict[str, Any]:
    body = {"subject": "PERSON", "nik": nik, "name": "Siti Rahayu", "phone": "+62 812 0000 0001"} | more
    return made(await registry.post("/v1/pendamping", body, as_=ministry(registry)))


async def status(registry: Running, person: dict[str, Any], name: str, **more: Any) -> httpx.Response:
    body = {"status": name, "reason": "SK_PENGANGKATAN"} | more
    return await registry.post(
        f"/v1/pendamping/{person['pendamping_id']}/status", body, as_=ministry(registry)
    )


async def serving(registry: Running, nik: str = NIK, since: str = "2000-01-01") -> dict[str, Any]:
    """A pendamping who is AKTIF since a day, and serves nowhere yet."""
    person = await pendamping(registry, nik, from_on=since)
    return made(await status(registry, person, "AKTIF", from_on=since))


async def penugasan(registry: Running, person: dict[str, Any], **more: Any) -> httpx.Response:
    body = {
        "pendamping_id": person["pendamping_id"],
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "sk_no": "1/SK/2025",
        "sk_on": "2025-10-03",
        "valid_from": "2025-10-03",
    } | more
    return await registry.post("/v1/penugasan", body, as_=ministry(registry))


async def wilayah_tugas(
    registry: Running, held: dict[str, Any], kode: str = KELURAHAN, **more: Any
) -> httpx.Response:
    body = {
        "penugasan_id": held["penugasan_id"],
        "kode_wilayah": kode,
        "valid_from": held["valid_from"],
    } | more
    return await registry.post("/v1/wilayah-tugas", body, as_=ministry(registry))


async def placed(
    registry: Running, nik: str = NIK, kode: str = KELURAHAN
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An active PKH pendamping in an area since 2025-10-03."""
    person = await pendamping(registry, nik, from_on="2025-09-01")
    made(await status(registry, person, "AKTIF", from_on="2025-10-03"))
    held = made(await penugasan(registry, person))
    made(await wilayah_tugas(registry, held, kode))
    return person, held


niks = (
    f"332407{day:02}{month:02}90{serial:04}"
    for serial in range(1, 9999)
    for month in range(1, 13)
    for day in range(1, 29)
)
