"""Decision on one family of the file: refused, unchanged, new or changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from services.caseload.family.rules import facts_of, next_change_day
from services.caseload.intake.commands.recorded_data import Known, Staged
from services.caseload.intake.commands.staging import MOST_MEMBERS, refusal
from services.caseload.tables import new_id
from shared.access import Actor
from shared.contracts.kinds import Bansos
from shared.jobs import RowError


@dataclass(slots=True)
class Plan:
    """What to write and emit for one family."""

    kpm_id: UUID
    new: bool
    staged: Staged
    digest: bytes
    facts: dict[str, Any]
    next_change_day: date | None
    changed: bool
    anggota: list[UUID]
    known_persons: list[bool]
    komponen: list[tuple[UUID, str, date | None]] = field(default_factory=list[tuple[UUID, str, date | None]])
    dropped: list[UUID] = field(default_factory=list[UUID])
    ended: list[UUID] = field(default_factory=list[UUID])
    kepesertaan: list[tuple[UUID, str, date]] = field(default_factory=list[tuple[UUID, str, date]])
    usaha: list[tuple[UUID, int]] = field(default_factory=list[tuple[UUID, int]])
    dampingan: tuple[UUID, UUID, UUID] | None = None
    moved_from: str | None = None

    @property
    def kode(self) -> str:
        """Return the family's kode_wilayah."""
        return self.facts["kode_wilayah"]


def digest_of(family: Staged) -> bytes:
    """Return a digest of the family's rows that does not depend on their order."""
    return blake2b(b"".join(sorted(row["digest"] for row in family.rows)), digest_size=16).digest()


def is_unchanged(known: Known, family: Staged) -> bool:
    """Return whether the family had exactly these rows in its last intake."""
    recorded = known.families.get(family.no_kk_index)
    return recorded is not None and recorded["intake_digest"] == digest_of(family)


def refusals(known: Known, family: Staged) -> list[RowError]:
    """Return the refusals of a family without faulty rows, each with its row."""
    return list(family_refusals(family)) or [
        *member_refusals(known, family),
        *pengurus_refusals(known, family),
    ]


def outside_area(family: Staged, actor: Actor) -> list[RowError]:
    """Return the refusal of a family with an area outside the actor's areas."""
    for row, data in zip(family.rows, family.data, strict=True):
        if not actor.covers(data["kode"]):
            return [refusal(row["row_no"], "kode_wilayah", "NOT_YOUR_AREA")]
    return []


def not_accepted_refusals(family: Staged) -> list[RowError]:
    """Return the refusal of a family with a number recorded elsewhere, without naming the number."""
    return [refusal(family.rows[0]["row_no"], None, "NOT_ACCEPTED_HERE")]


def family_refusals(family: Staged) -> Iterator[RowError]:
    """Yield the refusals of the family as a whole."""
    first = family.rows[0]["row_no"]
    heads = [n for n, data in enumerate(family.data) if data["pengurus"]]
    kodes = {data["kode"] for data in family.data}
    if len(family.rows) > MOST_MEMBERS:
        yield refusal(first, "no_kk", "TOO_MANY_MEMBERS")
    if not heads:
        yield refusal(first, "pengurus", "NO_PENGURUS")
    for n in heads[1:]:
        yield refusal(family.rows[n]["row_no"], "pengurus", "SEVERAL_PENGURUS")
    if len(kodes) > 1:
        yield refusal(first, "kode_wilayah", "WILAYAH_DIFFERS")


def member_refusals(known: Known, family: Staged) -> Iterator[RowError]:
    """Yield the refusals of members that are twice in the file or in another family."""
    recorded = known.families.get(family.no_kk_index)
    kpm_id = recorded["kpm_id"] if recorded else None
    for row in family.rows:
        person = known.persons.get(row["nik_index"])
        if row["repeated"]:
            yield refusal(row["row_no"], "nik", "DUPLICATE_NIK")
        elif person and person["left_on"] is None and person["kpm_id"] != kpm_id:
            yield refusal(row["row_no"], "nik", "NIK_IN_ANOTHER_FAMILY")


def pengurus_refusals(known: Known, family: Staged) -> Iterator[RowError]:
    """Yield the refusals of memberships and pendamping in the pengurus' row."""
    n = family.pengurus
    row_no, data = family.rows[n]["row_no"], family.data[n]
    recorded = known.families.get(family.no_kk_index)
    memberships = known.kepesertaan.get(recorded["kpm_id"], []) if recorded else []
    for bansos, first in data["bansos"]:
        if overlaps(memberships, bansos, date.fromisoformat(first)):
            yield refusal(row_no, "bansos", "KEPESERTAAN_OVERLAPS")
        elif is_re_entry(memberships, bansos, date.fromisoformat(first)):
            yield refusal(row_no, "bansos", "RE_ENTRY_BY_USULAN")
    if data["pendamping_no"] and (code := pendamping_fault(known, data, recorded)):
        yield refusal(row_no, "pendamping_no", code)


def overlaps(memberships: list[Any], bansos: str, first: date) -> bool:
    """Return whether a new membership from `first` overlaps a recorded one."""
    same = [row for row in memberships if row["bansos"] == bansos]
    return not any(row["first"] == first for row in same) and any(
        row["until"] is None or row["until"] > first for row in same
    )


def is_re_entry(memberships: list[Any], bansos: str, first: date) -> bool:
    """Return whether a new membership would follow an ended one, which needs an application."""
    same = [row for row in memberships if row["bansos"] == bansos]
    return bool(same) and not any(row["first"] == first for row in same)


def pendamping_fault(known: Known, data: dict[str, Any], recorded: Any) -> str | None:
    """Return the code why the named pendamping cannot accompany the family, or None."""
    placements = known.placements.get(data["pendamping_no"])
    if placements is None:
        return "UNKNOWN_PENDAMPING"
    current = known.placement_by_family.get(recorded["kpm_id"]) if recorded else None
    if current is not None:
        return (
            None if current in {penugasan for penugasan, _ in placements.areas} else "ACCOMPANIED_BY_ANOTHER"
        )
    if not placements.active:
        return "PENDAMPING_NOT_ACTIVE"
    return None if placements.covering(data["kode"]) else "NO_PKH_PENUGASAN"


def plan_of(known: Known, family: Staged) -> Plan:
    """Return what to write and emit for a family, with ids of new rows."""
    recorded, data = known.families.get(family.no_kk_index), family.data[family.pengurus]
    kpm_id: UUID = recorded["kpm_id"] if recorded else new_id()
    desil = known.desil.get(kpm_id, {}) | {
        (scope, snapshot): value for scope, snapshot, value in data["desil"]
    }
    ranks = [(scope, snapshot, value) for (scope, snapshot), value in desil.items()]
    before = orjson.loads(recorded["facts"]) if recorded else None
    last_end = last_komponen_end(known, kpm_id, before)
    facts = facts_of(kpm_id, family.data, ranks, known.ages, known.today, last_end)
    if before:
        facts |= {name: before[name] for name in ("p2k2_invited", "p2k2_attended")}
    persons = [known.persons.get(row["nik_index"]) for row in family.rows]
    plan = Plan(
        kpm_id,
        recorded is None,
        family,
        digest_of(family),
        facts,
        next_change_day(family.data, known.ages, known.today),
        changed=facts != before,
        anggota=[person["anggota_id"] if person else new_id() for person in persons],
        known_persons=[person is not None for person in persons],
        moved_from=recorded["kode_wilayah"]
        if recorded and recorded["kode_wilayah"] != data["kode"]
        else None,
    )
    add_komponen(known, plan)
    add_memberships(known, plan, data)
    add_usaha(known, plan)
    return plan


def last_komponen_end(known: Known, kpm_id: UUID, before: dict[str, Any] | None) -> str | None:
    """Return the last end of a komponen, today if one ends by this intake."""
    today = known.today.isoformat()
    if any(
        row["kpm_id"] == kpm_id and row["first"] < known.today
        for row in known.komponen.get(kpm_id, {}).values()
    ):
        return today
    past = before["last_komponen_ends_on"] if before else None
    return past if past and past <= today else None


def add_komponen(known: Known, plan: Plan) -> None:
    """Start komponen that are new in the file, and end missing ones.

    A komponen that started today is deleted instead. Komponen of a member in another family are ended there.
    """
    in_file = [
        (anggota_id, kind, date.fromisoformat(until) if until else None)
        for anggota_id, data in zip(plan.anggota, plan.staged.data, strict=True)
        for kind, until in data["komponen"]
    ]
    unchanged: set[tuple[UUID, str]] = set()
    for row in komponen_of(known, plan):
        if row["kpm_id"] == plan.kpm_id and (row["anggota_id"], row["kind"], row["until"]) in in_file:
            unchanged.add((row["anggota_id"], row["kind"]))
        else:
            (plan.dropped if row["first"] == known.today else plan.ended).append(row["komponen_id"])
    plan.komponen = [
        (anggota_id, kind, until)
        for anggota_id, kind, until in in_file
        if (until is None or until > known.today) and (anggota_id, kind) not in unchanged
    ]


def komponen_of(known: Known, plan: Plan) -> Iterator[Any]:
    """Yield each recorded komponen of a family and of its members once."""
    if known.komponen:
        owner_ids = (plan.kpm_id, *plan.anggota)
        by_id = {id_: row for owner_id in owner_ids for id_, row in known.komponen.get(owner_id, {}).items()}
        yield from by_id.values()


def add_memberships(known: Known, plan: Plan, data: dict[str, Any]) -> None:
    """Add new memberships, and a dampingan if nobody accompanies the family."""
    recorded = {(row["bansos"], row["first"]) for row in known.kepesertaan.get(plan.kpm_id, [])}
    in_file = [(bansos, date.fromisoformat(first)) for bansos, first in data["bansos"]]
    plan.kepesertaan = [(new_id(), *membership) for membership in in_file if membership not in recorded]
    placements = None if has_left(known, plan.kpm_id) else known.placements.get(data["pendamping_no"] or "")
    if (
        placements
        and plan.kpm_id not in known.placement_by_family
        and (penugasan := placements.covering(data["kode"]))
    ):
        plan.dampingan = (new_id(), penugasan, placements.pendamping_id)


def has_left(known: Known, kpm_id: UUID) -> bool:
    """Return whether a family has left PKH.

    An intake does not assign a pendamping to it.
    """
    pkh = [row["until"] for row in known.kepesertaan.get(kpm_id, []) if row["bansos"] == Bansos.PKH]
    return bool(pkh) and all(until is not None and until <= known.today for until in pkh)


def add_usaha(known: Known, plan: Plan) -> None:
    """Add new and changed businesses, by the index of their member in the family."""
    for n, data in enumerate(plan.staged.data):
        before, after = known.usaha.get(plan.anggota[n]), data["usaha"]
        if after is not None and (before is None or usaha_values(before) != usaha_values(after)):
            plan.usaha.append((before["usaha_id"] if before else new_id(), n))


def usaha_values(usaha: Any) -> tuple[str, ...]:
    """Return the published values of a business, for comparison."""
    names = ("sector", "started_on", "omzet_rp", "has_nib", "has_letter")
    return tuple(str(usaha[name]) for name in names)
