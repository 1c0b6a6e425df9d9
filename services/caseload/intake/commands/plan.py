"""Decision on one family of the file: refused, unchanged, new or changed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from services.caseload.family.rules import REFUSED, facts_of, find_implausible, is_minor, next_change_day
from services.caseload.intake.commands.businesses import add_usaha
from services.caseload.intake.commands.findings import change, refusal, warning
from services.caseload.intake.commands.komponen import add_komponen, last_komponen_end
from services.caseload.intake.commands.members import Member, Members, decide_members
from services.caseload.intake.commands.recorded_data import Known, Staged
from services.caseload.intake.commands.refusals import family_refusals, lead_refusals
from services.caseload.intake.rules.precedence import is_later
from services.caseload.tables import new_id
from shared.contracts.kinds import Bansos
from shared.jobs import RowError


@dataclass(slots=True)
class Plan:
    """What to write and emit for one family, or why it is refused.

    `recorded` is the family's row, None for a new family. `cleared` counts what HAPUS clears.
    """

    kpm_id: UUID
    staged: Staged
    recorded: Any
    digest: bytes
    kode: str
    members: Members
    errors: list[RowError]
    notes: list[RowError]
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    next_change_day: date | None = None
    facts_changed: bool = False
    komponen: list[tuple[UUID, str, date | None]] = field(default_factory=list[tuple[UUID, str, date | None]])
    dropped: list[UUID] = field(default_factory=list[UUID])
    ended: list[UUID] = field(default_factory=list[UUID])
    kepesertaan: list[tuple[UUID, str, date]] = field(default_factory=list[tuple[UUID, str, date]])
    desil: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    usaha: list[tuple[UUID, Member]] = field(default_factory=list[tuple[UUID, Member]])
    owned: dict[UUID, Member] = field(default_factory=dict[UUID, Member])
    """Recorded businesses with other facts of their owner."""
    nibs: list[tuple[UUID, bytes | None]] = field(default_factory=list[tuple[UUID, bytes | None]])
    """Businesses without another change, and the sealed NIB that they get."""
    closed: list[UUID] = field(default_factory=list[UUID])
    dampingan: tuple[UUID, UUID, UUID] | None = None
    moved_from: str | None = None
    new_card: bool = False
    address: str = "KEEP"
    phone: str = "KEEP"
    cleared: Counter[str] = field(default_factory=Counter[str])

    @property
    def new(self) -> bool:
        """Whether the family is not recorded yet."""
        return self.recorded is None

    @property
    def lead(self) -> Any:
        """Return the row from which the values of the family are read."""
        return self.staged.rows[self.staged.lead]

    @property
    def writes(self) -> bool:
        """Whether anything is written for the family beside the day of the file."""
        same = self.recorded is not None and self.recorded["intake_digest"] == self.digest
        taken = any(member.written for member in self.members.staying) and not same
        noted = any(note.kind == "CHANGE" and note.code != "KEPT_NEWER" for note in self.notes)
        started = bool(self.kepesertaan or self.dampingan)
        return self.new or taken or noted or self.facts_changed or started or self.new_card


def digest_of(family: Staged) -> bytes:
    """Return a digest of the family's rows that does not depend on their order."""
    return blake2b(b"".join(sorted(row["digest"] for row in family.rows)), digest_size=16).digest()


def is_unchanged(known: Known, family: Staged) -> bool:
    """Return whether an intake of this day or a later one had exactly these rows."""
    recorded = known.families.get(family.no_kk_index)
    if recorded is None or recorded["intake_digest"] != digest_of(family):
        return False
    return recorded["intake_as_of"] is not None and recorded["intake_as_of"] >= known.as_of


def plan_of(known: Known, family: Staged) -> Plan:
    """Return what to write and emit for a family, or its refusals.

    The facts of a new family decide nothing and are computed when it is written.
    """
    recorded = known.families.get(family.no_kk_index)
    errors, members = list(family_refusals(known, family)), decide_members(known, family)
    kode, moved = decide_area(known, family, recorded)
    plan = Plan(
        kpm_id=recorded["kpm_id"] if recorded else new_id(),
        staged=family,
        recorded=recorded,
        digest=digest_of(family),
        kode=kode,
        members=members,
        errors=errors or [*members.errors, *lead_refusals(known, family, kode)],
        notes=members.notes,
        moved_from=recorded["kode_wilayah"] if recorded and moved else None,
    )
    if family.no_kk_index in known.new_cards:
        add_card(plan)
    if plan.errors:
        return plan
    add_contact(known, plan)
    add_komponen(known, plan)
    add_memberships(known, plan)
    add_desil(known, plan)
    add_usaha(known, plan)
    add_findings(known, plan)
    if not plan.errors and not plan.new:
        add_facts(known, plan)
    return plan


def add_card(plan: Plan) -> None:
    """Give the family its new card, which the marked row has."""
    row_no = plan.lead["row_no"]
    plan.new_card = plan.lead["no_kk_sealed"] is not None
    if plan.new_card:
        plan.notes.append(warning(row_no, "no_kk", "NO_KK_CHANGED"))
    elif not plan.errors:
        plan.errors.append(refusal(row_no, "pengurus", "NO_PENGURUS"))


def decide_area(known: Known, family: Staged, recorded: Any) -> tuple[str, bool]:
    """Return the family's area after the intake, and whether it moves."""
    kode = next((data["kode"] for data in family.data if data["kode"] is not None), None)
    if recorded is None:
        return kode or "", False
    if kode is None or kode == recorded["kode_wilayah"] or not is_later(known.as_of, recorded, "address_"):
        return recorded["kode_wilayah"], False
    return kode, True


def add_contact(known: Known, plan: Plan) -> None:
    """Decide on area, address and phone, which the pengurus' row has."""
    data, recorded, row_no = plan.staged.data[plan.staged.lead], plan.recorded, plan.lead["row_no"]
    if plan.moved_from is not None:
        plan.notes.append(change(row_no, "kode_wilayah", "AREA_CHANGES"))
    elif recorded and data["kode"] not in {None, plan.kode}:
        plan.notes.append(change(row_no, "kode_wilayah", "KEPT_NEWER"))
    plan.address = decide_contact(known, plan, "address", "address_")
    plan.phone = decide_contact(known, plan, "phone", "contact_")


def decide_contact(known: Known, plan: Plan, column: str, prefix: str) -> str:
    """Return whether to SET, CLEAR or KEEP address or phone."""
    recorded, clear = plan.recorded, column in plan.staged.data[plan.staged.lead].get("clear", ())
    if recorded is None:
        return "SET"
    if not clear and plan.lead[f"{column}_sealed"] is None:
        return "KEEP"
    if not is_later(known.as_of, recorded, prefix):
        plan.notes.append(change(plan.lead["row_no"], column, "KEPT_NEWER"))
        return "KEEP"
    if not clear:
        return "SET"
    if not recorded[f"has_{column}"]:
        return "KEEP"
    plan.cleared[column] += 1
    plan.notes.append(change(plan.lead["row_no"], column, "CLEARED"))
    return "CLEAR"


def add_memberships(known: Known, plan: Plan) -> None:
    """Add new memberships, and a dampingan if nobody accompanies the family."""
    data = plan.staged.data[plan.staged.lead]
    recorded = {(row["bansos"], row["first"]) for row in known.kepesertaan.get(plan.kpm_id, [])}
    in_file = [(bansos, date.fromisoformat(first)) for bansos, first in data["bansos"]]
    voided = {
        (row["bansos"], row["first"]) for row in known.voided_kepesertaan.get(plan.kpm_id, [])
    } - recorded
    # A file does not restore what a request has voided.
    plan.notes += [change(plan.lead["row_no"], "bansos", "KEPT_NEWER") for one in in_file if one in voided]
    recorded |= voided
    plan.kepesertaan = [(new_id(), *membership) for membership in in_file if membership not in recorded]
    if not plan.new and plan.kepesertaan:
        plan.notes.append(change(plan.lead["row_no"], "bansos", "MEMBERSHIP_STARTS"))
    placements = None if has_left(known, plan.kpm_id) else known.placements.get(data["pendamping_no"] or "")
    current = known.placement_by_family.get(plan.kpm_id)
    if placements is None or current in {penugasan for penugasan, _ in placements.areas}:
        return
    if plan.kpm_id in known.left_by_pendamping | known.accompanied_later:
        plan.notes.append(change(plan.lead["row_no"], "pendamping_no", "KEPT_NEWER"))
    elif penugasan := placements.covering(plan.kode):
        plan.dampingan = (new_id(), penugasan, placements.pendamping_id)


def has_left(known: Known, kpm_id: UUID) -> bool:
    """Return whether a family has left PKH.

    An intake does not assign a pendamping to it.
    """
    pkh = [row["until"] for row in known.kepesertaan.get(kpm_id, []) if row["bansos"] == Bansos.PKH]
    return bool(pkh) and all(until is not None and until <= known.today for until in pkh)


def add_desil(known: Known, plan: Plan) -> None:
    """Add the desil of the file that are not recorded later."""
    recorded = known.desil.get(plan.kpm_id, {})
    for scope, snapshot, value in plan.staged.data[plan.staged.lead]["desil"]:
        row = recorded.get((scope, snapshot))
        if row is None or is_later(known.as_of, row):
            plan.desil.append((scope, snapshot, value))
            if not plan.new and (row is None or row["value"] != value):
                plan.notes.append(change(plan.lead["row_no"], "desil", "DESIL_CHANGES"))
        elif row["value"] != value:
            plan.notes.append(change(plan.lead["row_no"], "desil", "KEPT_NEWER"))


def add_findings(known: Known, plan: Plan) -> None:
    """Add refusals and warnings of values that do not fit together."""
    staying = plan.members.staying
    for n, column, code in find_implausible([member.data for member in staying], known.ages, known.today):
        index = staying[n].n
        if index is None:
            continue
        place = (plan.staged.rows[index]["row_no"], column, code)
        if code in REFUSED:
            plan.errors.append(refusal(*place))
        else:
            plan.notes.append(warning(*place))


def add_facts(known: Known, plan: Plan) -> None:
    """Compute the family's facts after the intake."""
    members = [member.data for member in plan.members.staying]
    recorded = known.desil.get(plan.kpm_id, {})
    ranks = {key: row["value"] for key, row in recorded.items() if row["value"] is not None}
    ranks |= {(scope, snapshot): value for scope, snapshot, value in plan.desil}
    before = orjson.loads(plan.recorded["facts"]) if plan.recorded else None
    listed = [(scope, snapshot, value) for (scope, snapshot), value in ranks.items()]
    last_end = last_komponen_end(known, plan.kpm_id, before)
    facts = facts_of(plan.kpm_id, plan.kode, members, listed, known.ages, known.today, last_end)
    pengurus, ids = plan.members.pengurus, {str(member.anggota_id) for member in plan.members.staying}
    facts |= {"pengurus_id": pengurus and str(pengurus.anggota_id), "member_ids": sorted(ids)}
    minors = (one for one in plan.members.staying if is_minor(one.data, known.ages, known.today))
    facts["minor_ids"] = sorted(str(one.anggota_id) for one in minors)
    if before:
        facts |= {name: before[name] for name in ("p2k2_invited", "p2k2_attended")}
        facts["former_members"] = sorted({*before["former_members"], *map(str, plan.members.leaving)} - ids)
    plan.facts, plan.facts_changed = facts, facts != before
    plan.next_change_day = next_change_day(members, known.ages, known.today)
