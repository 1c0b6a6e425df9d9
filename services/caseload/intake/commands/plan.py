"""What becomes of one family of the file: refused with reasons, unchanged, new, or changed in what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from services.caseload.family.rules import changes_on, facts_of
from services.caseload.intake.commands.known import Known, Staged
from services.caseload.intake.commands.staging import MOST_MEMBERS, refusal
from services.caseload.tables import new_id
from shared.access import Actor
from shared.contracts.kinds import Bansos
from shared.jobs import RowError


@dataclass(slots=True)
class Plan:
    """What to write and tell of one family."""

    kpm_id: UUID
    new: bool
    staged: Staged
    digest: bytes
    facts: dict[str, Any]
    changes_on: date | None
    told: bool
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
        """The family's area."""
        return self.facts["kode_wilayah"]


def digest_of(family: Staged) -> bytes:
    """Return what knows these rows again, in whatever order they stand; made of keyed hashes."""
    return blake2b(b"".join(sorted(row["digest"] for row in family.rows)), digest_size=16).digest()


def is_unchanged(known: Known, family: Staged) -> bool:
    """Whether the family came in with exactly these rows last time."""
    found = known.families.get(family.no_kk_index)
    return found is not None and found["intake_digest"] == digest_of(family)


def refusals(known: Known, family: Staged) -> list[RowError]:
    """Return why the family is refused, each with its row; of a family with bad rows those are told already."""
    return list(of_the_whole(family)) or [*of_members(known, family), *of_pengurus(known, family)]


def outside(family: Staged, actor: Actor) -> list[RowError]:
    """Return the refusal of a family that the file places outside the actor's area."""
    for row, data in zip(family.rows, family.data, strict=True):
        if not actor.covers(data["kode"]):
            return [refusal(row["row_no"], "kode_wilayah", "NOT_YOUR_AREA")]
    return []


def not_accepted(family: Staged) -> list[RowError]:
    """Return the one refusal of a family with a number recorded elsewhere; which number it is stays out of it."""
    return [refusal(family.rows[0]["row_no"], None, "NOT_ACCEPTED_HERE")]


def of_the_whole(family: Staged) -> Iterator[RowError]:
    """Yield what is wrong with the family as a whole."""
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


def of_members(known: Known, family: Staged) -> Iterator[RowError]:
    """Yield the members that belong elsewhere, in the file or in another family."""
    found = known.families.get(family.no_kk_index)
    for row in family.rows:
        person = known.persons.get(row["nik_index"])
        if row["repeated"]:
            yield refusal(row["row_no"], "nik", "DUPLICATE_NIK")
        elif person and person["left_on"] is None and (found is None or person["kpm_id"] != found["kpm_id"]):
            yield refusal(row["row_no"], "nik", "NIK_IN_ANOTHER_FAMILY")


def of_pengurus(known: Known, family: Staged) -> Iterator[RowError]:
    """Yield what is wrong with what the pengurus' row says for all: memberships, pendamping."""
    n = family.pengurus
    row_no, data = family.rows[n]["row_no"], family.data[n]
    found = known.families.get(family.no_kk_index)
    held = known.kepesertaan.get(found["kpm_id"], []) if found else []
    for bansos, first in data["bansos"]:
        if overlaps(held, bansos, date.fromisoformat(first)):
            yield refusal(row_no, "bansos", "KEPESERTAAN_OVERLAPS")
        elif comes_back(held, bansos, date.fromisoformat(first)):
            yield refusal(row_no, "bansos", "RE_ENTRY_BY_USULAN")
    if data["pendamping_no"] and (code := pendamping_fault(known, data, found)):
        yield refusal(row_no, "pendamping_no", code)


def overlaps(held: list[Any], bansos: str, first: date) -> bool:
    """Whether a membership without an end, from `first`, meets another one than itself."""
    same = [row for row in held if row["bansos"] == bansos]
    return not any(row["first"] == first for row in same) and any(
        row["until"] is None or row["until"] > first for row in same
    )


def comes_back(held: list[Any], bansos: str, first: date) -> bool:
    """Whether a membership would be one after an end: that is decided on an application, not read from a file."""
    same = [row for row in held if row["bansos"] == bansos]
    return bool(same) and not any(row["first"] == first for row in same)


def pendamping_fault(known: Known, data: dict[str, Any], found: Any) -> str | None:
    """Return why the named pendamping cannot accompany the family, or None."""
    placed = known.placements.get(data["pendamping_no"])
    if placed is None:
        return "UNKNOWN_PENDAMPING"
    holder = known.accompanied_by.get(found["kpm_id"]) if found else None
    if holder is not None:
        return None if holder in {penugasan for penugasan, _ in placed.areas} else "ACCOMPANIED_BY_ANOTHER"
    if not placed.active:
        return "PENDAMPING_NOT_ACTIVE"
    return None if placed.covering(data["kode"]) else "NO_PKH_PENUGASAN"


def plan_of(known: Known, family: Staged) -> Plan:
    """Return what to write and tell; ids of who is new are made here."""
    found, data = known.families.get(family.no_kk_index), family.data[family.pengurus]
    kpm_id: UUID = found["kpm_id"] if found else new_id()
    desil = known.desil.get(kpm_id, {}) | {
        (scope, snapshot): value for scope, snapshot, value in data["desil"]
    }
    ranks = [(scope, snapshot, value) for (scope, snapshot), value in desil.items()]
    before = orjson.loads(found["facts"]) if found else None
    ended = last_end(known, kpm_id, before)
    facts = facts_of(kpm_id, family.data, ranks, known.ages, known.today, ended)
    if before:
        facts |= {name: before[name] for name in ("p2k2_invited", "p2k2_attended")}
    persons = [known.persons.get(row["nik_index"]) for row in family.rows]
    plan = Plan(
        kpm_id,
        found is None,
        family,
        digest_of(family),
        facts,
        changes_on(family.data, known.ages, known.today),
        told=facts != before,
        anggota=[person["anggota_id"] if person else new_id() for person in persons],
        known_persons=[person is not None for person in persons],
        moved_from=found["kode_wilayah"] if found and found["kode_wilayah"] != data["kode"] else None,
    )
    add_komponen(known, plan)
    add_memberships(known, plan, data)
    add_usaha(known, plan)
    return plan


def last_end(known: Known, kpm_id: UUID, before: dict[str, Any] | None) -> str | None:
    """Return when a komponen last ended: what the file no longer has ends today, what had ended is not forgotten."""
    today = known.today.isoformat()
    if any(
        row["kpm_id"] == kpm_id and row["first"] < known.today
        for row in known.komponen.get(kpm_id, {}).values()
    ):
        return today
    past = before["last_komponen_ends_on"] if before else None
    return past if past and past <= today else None


def add_komponen(known: Known, plan: Plan) -> None:
    """Begin what the file has anew, and end what it no longer has; what began only today is dropped instead.

    What somebody brings from another family is ended there.
    """
    wanted = [
        (anggota_id, kind, date.fromisoformat(until) if until else None)
        for anggota_id, data in zip(plan.anggota, plan.staged.data, strict=True)
        for kind, until in data["komponen"]
    ]
    held: set[tuple[UUID, str]] = set()
    for row in komponen_of(known, plan):
        if row["kpm_id"] == plan.kpm_id and (row["anggota_id"], row["kind"], row["until"]) in wanted:
            held.add((row["anggota_id"], row["kind"]))
        else:
            (plan.dropped if row["first"] == known.today else plan.ended).append(row["komponen_id"])
    plan.komponen = [
        (anggota_id, kind, until)
        for anggota_id, kind, until in wanted
        if (until is None or until > known.today) and (anggota_id, kind) not in held
    ]


def komponen_of(known: Known, plan: Plan) -> Iterator[Any]:
    """Yield what a family and each of its members has today, once."""
    if known.komponen:
        whose = (plan.kpm_id, *plan.anggota)
        found = {id_: row for one in whose for id_, row in known.komponen.get(one, {}).items()}
        yield from found.values()


def add_memberships(known: Known, plan: Plan, data: dict[str, Any]) -> None:
    """Add memberships that are not known yet, and the dampingan when nobody accompanies the family."""
    held = {(row["bansos"], row["first"]) for row in known.kepesertaan.get(plan.kpm_id, [])}
    wanted = [(bansos, date.fromisoformat(first)) for bansos, first in data["bansos"]]
    plan.kepesertaan = [(new_id(), *membership) for membership in wanted if membership not in held]
    placed = None if has_left(known, plan.kpm_id) else known.placements.get(data["pendamping_no"] or "")
    if placed and plan.kpm_id not in known.accompanied_by and (penugasan := placed.covering(data["kode"])):
        plan.dampingan = (new_id(), penugasan, placed.pendamping_id)


def has_left(known: Known, kpm_id: UUID) -> bool:
    """Whether a family was in PKH and is no longer: no file gives it a pendamping again."""
    pkh = [row["until"] for row in known.kepesertaan.get(kpm_id, []) if row["bansos"] == Bansos.PKH]
    return bool(pkh) and all(until is not None and until <= known.today for until in pkh)


def add_usaha(known: Known, plan: Plan) -> None:
    """Add businesses that are new or have changed, by their member's place in the family."""
    for n, data in enumerate(plan.staged.data):
        before, now = known.usaha.get(plan.anggota[n]), data["usaha"]
        if now is not None and (before is None or usaha_values(before) != usaha_values(now)):
            plan.usaha.append((before["usaha_id"] if before else new_id(), n))


def usaha_values(usaha: Any) -> tuple[str, ...]:
    """Return what is told of a business, to compare."""
    names = ("sector", "started_on", "omzet_rp", "has_nib", "has_letter")
    return tuple(str(usaha[name]) for name in names)
