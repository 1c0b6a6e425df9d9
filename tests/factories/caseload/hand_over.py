"""Families whom S accompanies, and their hand-over to T."""

from datetime import date, datetime, timedelta
from typing import Any

from shared.access import Role
from tests.factories.caseload.intake import (
    DESA,
    OTHER_PENUGASAN,
    PENDAMPING_NO,
    PENUGASAN,
    build_csv,
    family,
    import_file,
    pendamping_token,
    read_emitted_events,
)
from tests.factories.services import Running

S, T = str(PENUGASAN), str(OTHER_PENUGASAN)
WHY = "Pembagian wilayah tugas baru."


def ketua_tim_token(service: Running) -> str:
    """Return the token of Kendal's ketua tim."""
    return service.token(Role.KETUA_TIM_KABKOTA, "ketua-tim-kendal-1", ["33.24"])


async def read_today(service: Running) -> date:
    """Return the business date."""
    answer = await service.get("/v1/clock", as_=service.token(Role.OPERATOR))
    return date.fromisoformat(answer.json()["today"])


async def advance_days(service: Running, days: int = 1) -> date:
    """Advance the business clock and return the new date."""
    answer = await service.get("/v1/clock", as_=service.token(Role.OPERATOR))
    await service.set_clock(datetime.fromisoformat(answer.json()["now"]) + timedelta(days=days))
    return await read_today(service)


async def import_families(service: Running, count: int, *, first: int = 1, desa: str = DESA) -> list[str]:
    """Import families of S in a desa and return their ids."""
    families = [
        family(n, 1, pendamping_no=PENDAMPING_NO, kode_wilayah=desa) for n in range(first, first + count)
    ]
    await import_file(service, build_csv(*families))
    rows = await service.sql("SELECT kpm_id FROM kpm WHERE kode_wilayah = $1 ORDER BY kpm_id", desa)
    return [str(row["kpm_id"]) for row in rows]


async def build_hand_over(service: Running, on: date, **more: Any) -> dict[str, Any]:
    """Return the body of a hand-over of all S's families in a desa to T."""
    body = {"from_penugasan_id": S, "to_penugasan_id": T, "kode_wilayah": DESA, "on": str(on)}
    return body | more


async def preview_hand_over(service: Running, on: date, **more: Any) -> Any:
    return await service.post(
        "/v1/hand-over/preview", await build_hand_over(service, on, **more), as_=ketua_tim_token(service)
    )


async def post_hand_over(service: Running, on: date, **more: Any) -> Any:
    """Order a hand-over and return the answer."""
    return await service.post(
        "/v1/hand-over", await build_hand_over(service, on, reason=WHY, **more), as_=ketua_tim_token(service)
    )


async def finish_hand_over(service: Running, on: date, **more: Any) -> dict[str, Any]:
    """Order a hand-over, run its job and return the result."""
    answer = await post_hand_over(service, on, **more)
    assert answer.status_code == 202, answer.text
    await service.work()
    result = await service.get(f"/v1/hand-over/{answer.json()['hand_over_id']}", as_=ketua_tim_token(service))
    return dict(result.json())


async def read_loads(service: Running) -> dict[str, int]:
    """Return the number of families that count for each placement."""
    rows = await service.sql("SELECT penugasan_id, weighing FROM dampingan_load")
    return {str(row["penugasan_id"]): row["weighing"] for row in rows}


async def read_emitted_data(service: Running, name: str) -> list[dict[str, Any]]:
    """Return the data of emitted events by short name."""
    return [data for wire, data in await read_emitted_events(service) if wire == name]


async def create_monitored_family(service: Running) -> str:
    """Return a family whose dampingan is PEMANTAUAN since an exit."""
    (kpm_id,) = await import_families(service, 1)
    await service.sql("UPDATE dampingan SET purpose = 'PEMANTAUAN'")
    await service.sql("UPDATE dampingan_load SET weighing = 0")
    return kpm_id


async def record_session(
    service: Running, answers: dict[str, str], as_: str | None = None, **more: Any
) -> Any:
    """Record a P2K2 session of S with the presence of families."""
    body = {"penugasan_id": S, "kode_wilayah": DESA, "held_on": str(await read_today(service)), "module": 2}
    body |= {"session": 3, "kelompok": "Melati"}
    body["attendance"] = [{"kpm_id": kpm_id, "presence": presence} for kpm_id, presence in answers.items()]
    return await service.post("/v1/p2k2", body | more, as_=as_ or pendamping_token(service))
