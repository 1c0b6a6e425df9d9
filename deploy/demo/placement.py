"""A pendamping as Kemensos registers and places one."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.demo.people import KEMENSOS
from deploy.demo.world import World


@dataclass(slots=True)
class Placed:
    """Somebody with a number, a placement and areas; `areas` maps each to its wilayah_tugas_id."""

    pendamping_id: str
    pendamping_no: str
    penugasan_id: str
    areas: dict[str, str] = field(default_factory=dict[str, str])


async def place_pendamping(
    world: World, who: str, nik: str, areas: list[str], *, since: str = "2025-10-03", candidate: str = ""
) -> Placed:
    """Register the person whose account is `who`, let them be active, and place them in each area since a day."""
    person = {
        "subject": "PERSON",
        "nik": nik,
        "name": "Pendamping Contoh",
        "from_on": candidate or "2025-09-01",
    }
    made = await world.act(f"registers {who}", "registry", "/v1/pendamping", person, KEMENSOS)
    pendamping_id = made["pendamping_id"]
    world.place.remember_person(who, pendamping_id=pendamping_id)
    status = {"status": "AKTIF", "reason": "SK_PENGANGKATAN", "from_on": min(since, str(world.shown_on))}
    path = f"/v1/pendamping/{pendamping_id}/status"
    await world.act(f"lets {who} be active", "registry", path, status, KEMENSOS)
    placing = {
        "pendamping_id": pendamping_id,
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "sk_no": f"{who[-1]}/SK/{since[:4]}",
        "sk_on": min(since, str(world.shown_on)),
        "valid_from": since,
    }
    held = await world.act(f"places {who}", "registry", "/v1/penugasan", placing, KEMENSOS)
    placed = Placed(pendamping_id, made["pendamping_no"], held["penugasan_id"])
    for kode in areas:
        area = {"penugasan_id": placed.penugasan_id, "kode_wilayah": kode, "valid_from": since}
        covers = await world.act(
            f"gives {who} the area {kode}", "registry", "/v1/wilayah-tugas", area, KEMENSOS
        )
        placed.areas[kode] = covers["wilayah_tugas_id"]
    return placed
