"""Set up registry's tests with commands over HTTP."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.factories.approval import approve
from tests.factories.services import Running

NIK = "3324075211879001"
START = datetime(2026, 3, 1, 2, tzinfo=UTC)
KELURAHAN = "33.24.09.2011"


def ministry_token(registry: Running) -> str:
    return registry.token("KEMENSOS", "kemensos-1")


def expect_ok(answer: httpx.Response) -> dict[str, Any]:
    """Return the body of an answer with status 200 or 201."""
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def register_pendamping(registry: Running, nik: str | None = NIK, **overrides: Any) -> dict[str, Any]:
    body = {"subject": "PERSON", "nik": nik, "name": "Siti Rahayu", "phone": "+62 812 0000 0001"} | overrides
    return expect_ok(await registry.post("/v1/pendamping", body, as_=ministry_token(registry)))


async def change_status(
    registry: Running, pendamping: dict[str, Any], status: str, **overrides: Any
) -> httpx.Response:
    """Change the status. A dismissal is requested and approved by another account."""
    body = {"status": status, "reason": "SK_PENGANGKATAN"} | overrides
    if status == "DIBERHENTIKAN":
        body = {"evidence_sha256": await registry.put_file(b"sk", as_=ministry_token(registry))} | body
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    answer = await registry.post(f"{path}/status", body, as_=ministry_token(registry))
    if answer.status_code == 202:
        answer = await approve(registry, answer)
        return await registry.get(path, as_=ministry_token(registry)) if answer.is_success else answer
    return answer


async def request_status_reversal(
    registry: Running, pendamping: dict[str, Any], status: str, from_on: str, *, as_: str = "", **more: Any
) -> httpx.Response:
    """Request, as Dinsos, that a recorded status is reversed."""
    office = as_ or registry.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    scan = await registry.put_file(b"surat keterangan", as_=office)
    body = {"status": status, "from_on": from_on, "reason": "SALAH_CATAT", "evidence_sha256": scan} | more
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/status-reversal"
    return await registry.post(path, body, as_=office)


async def reverse_status(
    registry: Running, pendamping: dict[str, Any], status: str, from_on: str
) -> httpx.Response:
    """Request the reversal of a status as Dinsos, and approve it as Kemensos."""
    requested = await request_status_reversal(registry, pendamping, status, from_on)
    return await approve(registry, requested) if requested.status_code == 202 else requested


async def register_active_pendamping(
    registry: Running, nik: str = NIK, since: str = "2000-01-01"
) -> dict[str, Any]:
    """Register a pendamping that is AKTIF since a day and has no placement."""
    pendamping = await register_pendamping(registry, nik, from_on=since)
    return expect_ok(await change_status(registry, pendamping, "AKTIF", from_on=since))


async def start_penugasan(registry: Running, pendamping: dict[str, Any], **overrides: Any) -> httpx.Response:
    body = {
        "pendamping_id": pendamping["pendamping_id"],
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "sk_no": "1/SK/2025",
        "sk_on": "2025-10-03",
        "valid_from": "2025-10-03",
    } | overrides
    return await registry.post("/v1/penugasan", body, as_=ministry_token(registry))


async def correct_penugasan(
    registry: Running, penugasan: dict[str, Any], as_: str = "", **terms: Any
) -> httpx.Response:
    """Correct terms of a placement that were recorded wrongly."""
    path = f"/v1/penugasan/{penugasan['penugasan_id']}/correction"
    body = {"reason": "SALAH_KETIK"} | terms
    return await registry.post(path, body, as_=as_ or ministry_token(registry))


async def end_range(registry: Running, thing: str, id_: str, valid_to: str, **more: Any) -> httpx.Response:
    """End a placement (penugasan) or an area (wilayah-tugas)."""
    body = {"valid_to": valid_to, "reason": "PINDAH_TUGAS"} | more
    return await registry.post(f"/v1/{thing}/{id_}/end", body, as_=ministry_token(registry))


async def restore_range(registry: Running, thing: str, id_: str, as_: str = "") -> httpx.Response:
    """Undo the end of a placement (penugasan) or an area (wilayah-tugas)."""
    path = f"/v1/{thing}/{id_}/restoration"
    return await registry.post(path, {"reason": "SALAH_CATAT"}, as_=as_ or ministry_token(registry))


async def place_wilayah_tugas(
    registry: Running, penugasan: dict[str, Any], kode_wilayah: str = KELURAHAN, **overrides: Any
) -> httpx.Response:
    body = {
        "penugasan_id": penugasan["penugasan_id"],
        "kode_wilayah": kode_wilayah,
        "valid_from": penugasan["valid_from"],
    } | overrides
    return await registry.post("/v1/wilayah-tugas", body, as_=ministry_token(registry))


async def register_placed_pendamping(
    registry: Running, nik: str = NIK, kode_wilayah: str = KELURAHAN
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an AKTIF PKH pendamping, and its placement in an area since 2025-10-03."""
    pendamping = await register_pendamping(registry, nik, from_on="2025-09-01")
    expect_ok(await change_status(registry, pendamping, "AKTIF", from_on="2025-10-03"))
    penugasan = expect_ok(await start_penugasan(registry, pendamping))
    expect_ok(await place_wilayah_tugas(registry, penugasan, kode_wilayah))
    return pendamping, penugasan


async def register_one_of_each_ditjen(
    registry: Running, other_nik: str
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return a pendamping and its placement of LINJAMSOS, and of DAYASOS without an area."""
    linjamsos = await register_placed_pendamping(registry)
    pendamping = await register_active_pendamping(registry, other_nik)
    penugasan = expect_ok(await start_penugasan(registry, pendamping, kind="TKSK", ditjen="DAYASOS"))
    return {"LINJAMSOS": linjamsos, "DAYASOS": (pendamping, penugasan)}


def ditjen_token(registry: Running, ditjen: str, sub: str = "") -> str:
    return registry.token("KEMENSOS", sub or f"kemensos-{ditjen.lower()}", ditjen=ditjen)


unused_niks = (
    f"332407{day:02}{month:02}90{serial:04}"
    for serial in range(1, 9999)
    for month in range(1, 13)
    for day in range(1, 29)
)
"""NIK that no earlier test of the process has used."""
