"""The things of a service's families, with their areas and states."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from shared.access import Role
from shared.access.actor import level_of
from shared.access.permissions import LEVEL_OF_ROLE
from shared.database.models import metadata_of
from tests.factories.services import Running
from tests.factories.walked_operations import PUBLIC

AREAS = ("kode_wilayah", "opened_in")
STATES = ("state", "status", "end_reason")
VOIDED = ("voided_on", "voided_at")
FAMILY_STATES = """
SELECT kpm_id::text AS id, CASE WHEN ended_on IS NOT NULL THEN 'ENDED'
    WHEN EXISTS (SELECT FROM akses_darurat a WHERE a.kpm_id = k.kpm_id AND a.state = 'OPENED') THEN 'EMERGENCY'
    WHEN EXISTS (SELECT FROM wilayah_history w WHERE w.kpm_id = k.kpm_id AND w.voided_on IS NULL) THEN 'MOVED'
    WHEN (SELECT count(DISTINCT pendamping_id) > 1 FROM dampingan d WHERE d.kpm_id = k.kpm_id) THEN 'HANDED_OVER'
    ELSE 'ACTIVE' END AS state FROM kpm k
"""
REPLICA = "SELECT kpm_id::text AS id, kode_wilayah FROM replica_kpm.kpm"
CASES = "SELECT kpm_id::text, unnest(ARRAY[kode_wilayah, opened_in]) FROM graduasi"
# A family is also visible where a case or an offer of it is (docs/architecture.md#row-security).
AREAS_OF_OWNERS = {
    "registry": "SELECT pendamping_id::text AS id, kode_wilayah FROM wilayah_tugas",
    "caseload": "SELECT kpm_id::text AS id, kode_wilayah FROM kpm",
    "graduation": f"{REPLICA} UNION {CASES}",
    "referral": f"{REPLICA} UNION SELECT kpm_id::text, kode_wilayah FROM rujukan_program",
}
# A family shows its former members and businesses, wherever they are now.
FORMER = """
SELECT anggota_id::text AS id, kpm_id::text FROM anggota_history
UNION SELECT usaha_id::text, kpm_id::text FROM usaha_history
"""
EVERYWHERE = frozenset({"*"})
"""The areas of a pendamping without any: each office sees it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A family, a pendamping, or what belongs to one.

    `kind` is the name of its id, `owner` the family or pendamping.
    """

    kind: str
    owner: str
    areas: frozenset[str]
    state: str

    def is_covered(self, area: str, role: Role) -> bool:
        """Return whether a token of the role with this area covers one of its areas."""
        if level_of(area) < LEVEL_OF_ROLE[role]:
            return False
        return area == "*" or any(own in {area, "*"} or own.startswith(f"{area}.") for own in self.areas)


async def read_things(service: Running) -> dict[str, Thing]:
    """Return the things of a service by id.

    Their areas are their own and those of their family, in registry of their pendamping.
    """
    owner = owner_of(service)
    areas, things = await read_areas_of_owners(service), dict[str, Thing]()
    for table in metadata_of(service.name).sorted_tables:
        keys = list(table.primary_key.columns)
        if len(keys) > 1 or keys[0].name in PUBLIC or keys[0].foreign_keys:
            continue
        references = {one.parent.name for one in table.foreign_keys}
        for row in await service.sql(f"SELECT * FROM {table.fullname}"):
            own = {row[name] for name in AREAS if name in table.c and row[name]}
            own |= areas.get(str(row.get(owner)), set())
            for name in references if not own else ():
                own |= set(things[str(row[name])].areas if str(row[name]) in things else ())
            if own:
                kind, id_ = keys[0].name, str(row[keys[0].name])
                things.setdefault(id_, Thing(kind, str(row.get(owner)), frozenset(own), state_of(row)))
    if service.name == "caseload":
        await add_past(service, things, areas)
    return things


async def add_past(service: Running, things: dict[str, Thing], areas: dict[str, set[str]]) -> None:
    """Add the states of families, and former areas of persons and businesses."""
    for row in await service.sql(FAMILY_STATES):
        things[row["id"]] = replace(things[row["id"]], state=row["state"])
    for row in await service.sql(FORMER):
        former = things[row["id"]]
        things[row["id"]] = replace(former, areas=former.areas | areas[row["kpm_id"]])


def owner_of(service: Running) -> str:
    return "pendamping_id" if service.name == "registry" else "kpm_id"


async def read_areas_of_owners(service: Running) -> dict[str, set[str]]:
    """Return the areas of each family, in registry of each pendamping."""
    areas = defaultdict[str, set[str]](set)
    for row in await service.sql(AREAS_OF_OWNERS[service.name]):
        areas[row["id"]].add(row["kode_wilayah"])
    if service.name == "registry":
        for row in await service.sql("SELECT pendamping_id::text AS id FROM pendamping"):
            areas[row["id"]] = areas.get(row["id"]) or set(EVERYWHERE)
    return areas


def state_of(row: Any) -> str:
    """Return the state of a row, as far as its columns have one."""
    if any(row.get(name) for name in VOIDED):
        return "VOIDED"
    return str(next((row[name] for name in STATES if row.get(name)), "-"))
