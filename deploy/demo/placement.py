"""Registration and placement of a pendamping."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.demo.people import KEMENSOS
from deploy.demo.world import World


@dataclass(slots=True)
class PlacedPendamping:
    """A pendamping with a placement. `areas` maps each area to its wilayah_tugas_id."""

    pendamping_id: str
    pendamping_no: str
    penugasan_id: str
    areas: dict[str, str] = field(default_factory=dict[str, str])


async def place_pendamping(
    world: World, who: str, nik: str, areas: list[str], *, since: str = "2025-10-03", candidate: str = ""
) -> PlacedPendamping:
    """Register a pendamping, set them AKTIF, and place them in each area.

    `who` is the account. The placement starts on `since`. `candidate` is the first day as a candidate.
    """
    person = {
        "subject": "PERSON",
        "nik": nik,
        "name": "Pendamping Contoh",
        "from_on": candidate or "2025-09-01",
    }
    registered = await world.act(f"registers {who}", "registry", "/v1/pendamping", person, KEMENSOS)
    pendamping_id = registered["pendamping_id"]
    world.data_folder.save_person(who, pendamping_id=pendamping_id)
    status = {"status": "AKTIF", "reason": "SK_PENGANGKATAN", "from_on": min(since, str(world.shown_on))}
    path = f"/v1/pendamping/{pendamping_id}/status"
    await world.act(f"sets {who} AKTIF", "registry", path, status, KEMENSOS)
    placing = {
        "pendamping_id": pendamping_id,
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "sk_no": f"{who[-1]}/SK/{since[:4]}",
        "sk_on": min(since, str(world.shown_on)),
        "valid_from": since,
    }
    penugasan = await world.act(f"places {who}", "registry", "/v1/penugasan", placing, KEMENSOS)
    placed = PlacedPendamping(pendamping_id, registered["pendamping_no"], penugasan["penugasan_id"])
    for kode_wilayah in areas:
        area = {"penugasan_id": placed.penugasan_id, "kode_wilayah": kode_wilayah, "valid_from": since}
        wilayah_tugas = await world.act(
            f"places {who} in {kode_wilayah}", "registry", "/v1/wilayah-tugas", area, KEMENSOS
        )
        placed.areas[kode_wilayah] = wilayah_tugas["wilayah_tugas_id"]
    return placed
