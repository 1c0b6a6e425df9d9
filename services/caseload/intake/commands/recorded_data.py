"""Recorded data about the families of one step, read before the decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import EndReason
from services.caseload.family.queries import read_ages
from services.caseload.family.rules import Ages
from shared import wilayah
from shared.access import Actor
from shared.database import raw

FAMILY = """
SELECT card.no_kk_index, lower(card.valid) AS card_since, kpm.kpm_id, kpm.kode_wilayah, kpm.intake_digest,
    kpm.facts::text, kpm.ended_on, kpm.sealed_for, kpm.intake_as_of, kpm.address_as_of, kpm.address_source, kpm.contact_as_of, kpm.contact_source,
    kpm.pengurus_as_of, kpm.pengurus_source, kpm.address_sealed IS NOT NULL AS has_address,
    kpm.phone_sealed IS NOT NULL AS has_phone
FROM kpm_no_kk card JOIN kpm USING (kpm_id) WHERE upper_inf(card.valid)
"""
LOCK = " ORDER BY kpm.kpm_id FOR NO KEY UPDATE OF kpm"
FAMILIES = f"{FAMILY} AND card.no_kk_index = ANY($1) {LOCK}"
FAMILIES_OF_PERSONS = f"{FAMILY} AND kpm.kpm_id = ANY($1) {LOCK}"
CARDS = "SELECT no_kk_index, kpm_id FROM kpm_no_kk WHERE no_kk_index = ANY($1)"
PERSON = """
SELECT a.nik_index, a.anggota_id, a.kpm_id, a.left_on, a.end_reason, kpm.kode_wilayah, a.birth_on, a.sex, a.relation,
    a.married, a.pengurus, a.as_of, a.source, a.nik_sealed IS NOT NULL AS has_nik, a.name_sealed
FROM kpm_anggota a JOIN kpm USING (kpm_id)
"""
PERSONS = PERSON + "WHERE a.nik_index = ANY($1)"
MEMBERS = PERSON + "WHERE a.kpm_id = ANY($1)"
FORMER_NIKS = (
    PERSON.replace("FROM", ", h.nik_index AS former_nik FROM", 1)
    + """
JOIN nik_history h ON h.anggota_id = a.anggota_id WHERE h.nik_index = ANY($1)
"""
)
KOMPONEN = """
SELECT komponen_id, kpm_id, anggota_id, kind, lower(valid) AS first, upper(valid) AS until, as_of, source,
    valid @> $3::date AS current
FROM komponen WHERE (valid @> $3::date OR as_of >= $4::date) AND (kpm_id = ANY($1) OR anggota_id = ANY($2))
"""
KEPESERTAAN = """
SELECT kpm_id, bansos, coalesce(lower(valid), cancelled_from) AS first, coalesce(upper(valid), cancelled_from) AS until,
    cancelled_from IS NOT NULL AS voided
FROM kepesertaan WHERE kpm_id = ANY($1)
"""
DAMPINGAN = """
SELECT kpm_id, penugasan_id, upper_inf(valid) OR upper(valid) > $2 AS current, lower(valid) > $3 AS newer FROM dampingan
WHERE kpm_id = ANY($1) AND kind = 'PKH_PENDAMPING' AND (upper_inf(valid) OR upper(valid) > $3)
"""
DESIL = "SELECT kpm_id, scope, snapshot, value, as_of, source FROM desil WHERE kpm_id = ANY($1)"
USAHA = """
SELECT anggota_id, usaha_id, sector, started_on, omzet_rp, nib_sealed IS NOT NULL AS has_nib, has_letter, as_of,
    source, ended_on, continues
FROM usaha WHERE (kpm_id = ANY($1) OR anggota_id = ANY($2)) AND (ended_on IS NULL OR end_reason IN ('DITUTUP', 'DIALIHKAN'))
"""
PLACEMENTS = """
SELECT p.pendamping_no, p.pendamping_id, s.status, n.penugasan_id, w.kode_wilayah
FROM replica_pendamping.pendamping p
LEFT JOIN replica_pendamping.penugasan n ON n.pendamping_id = p.pendamping_id AND n.kind = 'PKH_PENDAMPING'
    AND n.valid_from <= $2 AND (n.valid_to IS NULL OR n.valid_to > $2)
LEFT JOIN replica_pendamping.wilayah_tugas w ON w.penugasan_id = n.penugasan_id
    AND w.valid_from <= $2 AND (w.valid_to IS NULL OR w.valid_to > $2)
LEFT JOIN LATERAL (SELECT status FROM replica_pendamping.pendamping_status
    WHERE pendamping_id = p.pendamping_id AND from_on <= $2 ORDER BY from_on DESC LIMIT 1) s ON true
WHERE p.pendamping_no = ANY($1)
"""


@dataclass(slots=True)
class Staged:
    """A family in the intake file."""

    no_kk_index: bytes
    rows: list[Any] = field(default_factory=list[Any])
    data: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    persons: list[Any] = field(default_factory=list[Any])
    """The recorded person of each row, None without one."""
    lead: int = 0
    """The index of the row of the pengurus, from which the values of the family are read."""
    duplicates: set[int] = field(default_factory=set[int])
    """The rows without a NIK of somebody whom another row of the family has too."""
    renamed: set[int] = field(default_factory=set[int])
    """The rows of known members with another NIK than recorded."""
    people: set[bytes | None] = field(default_factory=set[bytes | None])
    """The indexes of the NIK on the rows so far."""


@dataclass(slots=True)
class Placements:
    """Status of a pendamping, and the areas of its PKH placements today."""

    pendamping_id: UUID
    active: bool
    areas: list[tuple[UUID, str]]

    def covering(self, kode: str) -> UUID | None:
        """Return the penugasan_id of the placement that covers an area."""
        return next((p for p, area in self.areas if wilayah.is_within(kode, area)), None)


@dataclass(slots=True)
class Known:
    """Recorded data that the decisions of one step need."""

    today: date
    as_of: date
    ages: Ages
    families: dict[bytes, Any]
    persons: dict[bytes, Any] = field(default_factory=dict[bytes, Any])
    members: dict[UUID, dict[UUID, Any]] = field(default_factory=dict[UUID, dict[UUID, Any]])
    """Current members of each recorded family."""
    left: dict[UUID, dict[UUID, Any]] = field(default_factory=dict[UUID, dict[UUID, Any]])
    """People who have died or left each recorded family."""
    former_niks: dict[bytes, list[Any]] = field(default_factory=dict[bytes, list[Any]])
    """The people whose NIK was corrected, by the former number. A file does not bring it back."""
    candidates: dict[bytes, Any] = field(default_factory=dict[bytes, Any])
    """The family of the people under a card that is not recorded, or no longer."""
    cards: dict[bytes, set[UUID]] = field(default_factory=dict[bytes, set[UUID]])
    """The families that have or had each of these cards."""
    new_cards: set[bytes] = field(default_factory=set[bytes])
    """New cards of recorded families."""
    komponen: dict[UUID, dict[UUID, Any]] = field(default_factory=dict[UUID, dict[UUID, Any]])
    kepesertaan: dict[UUID, list[Any]] = field(default_factory=dict[UUID, list[Any]])
    voided_kepesertaan: dict[UUID, list[Any]] = field(default_factory=dict[UUID, list[Any]])
    placement_by_family: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    left_by_pendamping: set[UUID] = field(default_factory=set[UUID])
    """The families with a dampingan that ended after the day of the file."""
    accompanied_later: set[UUID] = field(default_factory=set[UUID])
    """The families whose dampingan of today began after the day of the file."""
    desil: dict[UUID, dict[tuple[str, str], Any]] = field(
        default_factory=dict[UUID, dict[tuple[str, str], Any]]
    )
    usaha: dict[UUID, Any] = field(default_factory=dict[UUID, Any])
    closed_usaha: dict[UUID, list[Any]] = field(default_factory=dict[UUID, list[Any]])
    """Closed businesses by owner. A file does not open them again."""
    placements: dict[str, Placements] = field(default_factory=dict[str, Placements])
    elsewhere: set[bytes] = field(default_factory=set[bytes])
    """Cards of the file that are, or have members that are, recorded outside the actor's areas."""


async def lock_known_families(
    session: AsyncSession, families: Iterable[Staged], today: date, as_of: date, actor: Actor
) -> Known:
    """Lock and return the families that are recorded.

    Families outside the actor's areas are not included. Their cards are in `elsewhere`.
    """
    # Fast path: one statement reads and locks the families of a step (bench: intake).
    connection = await raw(session)
    rows = await connection.fetch(FAMILIES, [family.no_kk_index for family in families])
    own = {row["no_kk_index"]: row for row in rows if actor.covers(row["kode_wilayah"])}
    known = Known(today, as_of, await read_ages(session, today), own)
    known.elsewhere = {row["no_kk_index"] for row in rows} - own.keys()
    return known


async def read_details(session: AsyncSession, known: Known, families: Sequence[Staged], actor: Actor) -> None:
    """Read what the decisions on new and changed families need.

    Persons in families outside the actor's areas are not included. The cards that name them are in `elsewhere`.
    """
    # Fast path: one statement for each kind of row that a step needs, ten at most (bench: intake).
    connection = await raw(session)
    niks = [row["nik_index"] for family in families for row in family.rows if row["nik_index"]]
    numbers = list({data["pendamping_no"] for f in families for data in f.data if data.get("pendamping_no")})
    persons = await connection.fetch(PERSONS, niks)
    outside = {
        row["nik_index"]
        for row in persons
        if (row["left_on"] is None or is_recorded_dead(row)) and not actor.covers(row["kode_wilayah"])
    }
    known.persons = {row["nik_index"]: row for row in persons if row["nik_index"] not in outside}
    known.elsewhere |= {f.no_kk_index for f in families for row in f.rows if row["nik_index"] in outside}
    for row in await connection.fetch(PLACEMENTS, numbers, known.today):
        placements = Placements(row["pendamping_id"], row["status"] == "AKTIF", [])
        placements = known.placements.setdefault(row["pendamping_no"], placements)
        if row["penugasan_id"] and row["kode_wilayah"]:
            placements.areas.append((row["penugasan_id"], row["kode_wilayah"]))
    for row in await connection.fetch(FORMER_NIKS, niks):
        if actor.covers(row["kode_wilayah"]):
            known.former_niks.setdefault(row["former_nik"], []).append(row)
    await read_candidates(connection, known, families)
    recorded = known.families | known.candidates
    kpm_ids = [recorded[f.no_kk_index]["kpm_id"] for f in families if f.no_kk_index in recorded]
    if kpm_ids or known.persons or known.former_niks:
        await read_family_rows(connection, known, kpm_ids)


def placements_to_lock(known: Known, families: Iterable[Staged]) -> dict[UUID, UUID]:
    """Return each placement that a decision may assign, with its pendamping.

    An accompanied family keeps its dampingan.
    """
    recorded, places = known.families | known.candidates, set[tuple[str, str]]()
    for family in families:
        home = recorded.get(family.no_kk_index)
        if home and home["kpm_id"] in known.placement_by_family:
            continue
        kodes = {data["kode"] for data in family.data} | ({home["kode_wilayah"]} if home else set())
        numbers = {data.get("pendamping_no") for data in family.data}
        places.update((number, kode) for number in numbers if number for kode in kodes if kode)
    requested = ((known.placements.get(number), kode) for number, kode in places)
    covering = ((one, one.covering(kode)) for one, kode in requested if one)
    return {penugasan_id: one.pendamping_id for one, penugasan_id in covering if penugasan_id}


async def read_candidates(connection: Any, known: Known, families: Sequence[Staged]) -> None:
    """Lock and read the family of the people under each card that is not recorded."""
    kpm_ids: dict[bytes, UUID] = {}
    for family in families:
        if family.no_kk_index in known.families | dict.fromkeys(known.elsewhere):
            continue
        persons = [known.persons.get(row["nik_index"]) for row in family.rows]
        homes = {person["kpm_id"] for person in persons if person and person["left_on"] is None}
        if len(homes) == 1:
            kpm_ids[family.no_kk_index] = homes.pop()
    if kpm_ids:
        rows = await connection.fetch(FAMILIES_OF_PERSONS, list(kpm_ids.values()))
        by_id = {row["kpm_id"]: row for row in rows}
        known.candidates = {card: by_id[kpm_id] for card, kpm_id in kpm_ids.items() if kpm_id in by_id}
        for row in await connection.fetch(CARDS, list(kpm_ids)):
            known.cards.setdefault(row["no_kk_index"], set()).add(row["kpm_id"])


def is_recorded_dead(person: Any) -> bool:
    """Return whether a person's death is recorded. Only a reversal undoes it."""
    return person["left_on"] is not None and person["end_reason"] == EndReason.MENINGGAL


async def read_family_rows(connection: Any, known: Known, kpm_ids: list[UUID]) -> None:
    """Read the people and dampingan of families, and the values of families and persons."""
    former = [row for rows in known.former_niks.values() for row in rows]
    persons = [person["anggota_id"] for person in (*known.persons.values(), *former)]
    for row in await connection.fetch(MEMBERS, kpm_ids):
        people = known.members if row["left_on"] is None else known.left
        people.setdefault(row["kpm_id"], {})[row["anggota_id"]] = row
    for row in await connection.fetch(DAMPINGAN, kpm_ids, known.today, known.as_of):
        if row["current"]:
            known.placement_by_family[row["kpm_id"]] = row["penugasan_id"]
            if row["newer"]:
                known.accompanied_later.add(row["kpm_id"])
        else:
            known.left_by_pendamping.add(row["kpm_id"])
    await read_family_values(connection, known, kpm_ids, persons)


async def read_family_values(connection: Any, known: Known, kpm_ids: list[UUID], persons: list[UUID]) -> None:
    """Read komponen, memberships, desil and usaha."""
    for row in await connection.fetch(KOMPONEN, kpm_ids, persons, known.today, known.as_of):
        for owner_id in (row["kpm_id"], row["anggota_id"]):
            known.komponen.setdefault(owner_id, {})[row["komponen_id"]] = row
    for row in await connection.fetch(KEPESERTAAN, kpm_ids):
        memberships = known.voided_kepesertaan if row["voided"] else known.kepesertaan
        memberships.setdefault(row["kpm_id"], []).append(row)
    for row in await connection.fetch(DESIL, kpm_ids):
        known.desil.setdefault(row["kpm_id"], {})[row["scope"], row["snapshot"]] = row
    for row in await connection.fetch(USAHA, kpm_ids, persons):
        if row["ended_on"] is None:
            known.usaha[row["anggota_id"]] = row
        else:
            known.closed_usaha.setdefault(row["anggota_id"], []).append(row)
