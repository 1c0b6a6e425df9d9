"""New rows of one block for COPY, with values as they were sealed when read."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import orjson
from asyncpg import Range

from services.caseload.dampingan.models import GapCause
from services.caseload.intake.commands.members import Member
from services.caseload.intake.commands.plan import Plan
from services.caseload.member.commands.ends import EndedMember
from services.caseload.tables import Source, new_id
from shared.contracts.kinds import Bansos, DampinganPurpose, PilarKind
from shared.jobs import Job

FAMILY_COLUMNS = {
    "kpm": (
        *("kpm_id", "kode_wilayah", "sealed_for", "address_sealed", "phone_sealed", "facts", "intake_digest"),
        *(
            "facts_until",
            "intake_as_of",
            "address_as_of",
            "address_source",
            "contact_as_of",
            "contact_source",
        ),
        *("pengurus_as_of", "pengurus_source"),
    ),
    "kpm_no_kk": ("kpm_no_kk_id", "kpm_id", "no_kk_index", "no_kk_sealed", "valid"),
}
MEMBER_COLUMNS = {
    "kpm_anggota": (
        *("anggota_id", "kpm_id", "nik_index", "nik_sealed", "name_sealed", "birth_on", "sex", "relation"),
        *("married", "pengurus", "joined_on", "as_of", "source"),
    ),
    "komponen": ("komponen_id", "kpm_id", "anggota_id", "kind", "valid", "as_of", "source"),
    "desil": ("kpm_id", "scope", "snapshot", "value", "as_of", "source"),
    "kepesertaan": ("kepesertaan_id", "kpm_id", "bansos", "valid"),
    "usaha": (
        *("usaha_id", "kpm_id", "anggota_id", "sector", "started_on", "omzet_rp", "nib_sealed", "has_letter"),
        *("as_of", "source"),
    ),
    "dampingan": ("dampingan_id", "kpm_id", "penugasan_id", "pendamping_id", "kind", "purpose", "valid"),
    "dampingan_gap": ("gap_id", "kpm_id", "since", "cause", "purpose"),
    "kpm_history": (
        *("history_id", "kpm_id", "subject", "subject_id", "act", "sub", "role", "pendamping_id"),
        *("reason_code", "detail", "occurred_at"),
    ),
}


class NewRows:
    """New rows by table.

    Members, desil and usaha that may exist already are in the `known_*` lists, for an upsert.
    """

    def __init__(self, today: date, now: datetime, job: Job) -> None:
        """Start empty. `now` is the time of the business clock."""
        self.today, self.now = today, now
        self.who = (job.actor.sub, job.actor.role, job.actor.pendamping_id)
        self.sourced = (date.fromisoformat(job.params["as_of"]), Source.FILE.value)
        self.detail = orjson.dumps({"job_id": str(job.job_id)}).decode()
        self.tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in FAMILY_COLUMNS | MEMBER_COLUMNS}
        self.known_members: list[tuple[Any, ...]] = []
        self.known_desil: list[tuple[Any, ...]] = []
        self.known_usaha: list[tuple[Any, ...]] = []
        self.known_nibs: list[tuple[Any, ...]] = []
        self._from_today = Range(today)

    def add(self, plan: Plan) -> None:
        """Add the rows of one family."""
        if plan.new:
            self.add_family(plan)
        self.add_members(plan)
        self.add_usaha(plan)
        kpm_id, tables = plan.kpm_id, self.tables
        desil = tables["desil"] if plan.new else self.known_desil
        desil += [(kpm_id, *rank, *self.sourced) for rank in plan.desil]
        tables["komponen"] += [
            (new_id(), kpm_id, anggota_id, kind, Range(self.today, until), *self.sourced)
            for anggota_id, kind, until in plan.komponen
        ]
        tables["kepesertaan"] += [
            (id_, kpm_id, bansos, Range(first)) for id_, bansos, first in plan.kepesertaan
        ]
        if plan.dampingan:
            kind, purpose = PilarKind.PKH_PENDAMPING.value, DampinganPurpose.PENDAMPINGAN.value
            id_, penugasan_id, pendamping_id = plan.dampingan
            row = (id_, kpm_id, penugasan_id, pendamping_id, kind, purpose, self._from_today)
            tables["dampingan"].append(row)
        elif plan.new and any(bansos == Bansos.PKH for _, bansos, _ in plan.kepesertaan):
            gap = (GapCause.BELUM_ADA.value, DampinganPurpose.PENDAMPINGAN.value)
            tables["dampingan_gap"].append((new_id(), kpm_id, self.today, *gap))
        act = "REGISTERED" if plan.new else "UPDATED"
        history = (new_id(), kpm_id, "kpm", kpm_id, act, *self.who, "INTAKE", self.detail, self.now)
        tables["kpm_history"].append(history)

    def add_ends(self, ended: Iterable[EndedMember]) -> None:
        """Add the ends of members to the histories of their families."""
        for member in ended:
            entry = (new_id(), member.kpm_id, "anggota", member.anggota_id, "LEFT", *self.who)
            detail = orjson.dumps(member.detail()).decode()
            self.tables["kpm_history"].append((*entry, member.reason.value, detail, self.now))

    def add_family(self, plan: Plan) -> None:
        """Add a family and its card."""
        head, facts = plan.lead, orjson.dumps(plan.facts).decode()
        card, as_of = head["no_kk_index"], self.sourced[0]
        sealed = (head["address_sealed"], head["phone_sealed"])
        self.tables["kpm"].append(
            (plan.kpm_id, plan.kode, card, *sealed, facts, plan.digest, plan.next_change_day, as_of)
            + self.sourced * 3
        )
        row = (new_id(), plan.kpm_id, card, head["no_kk_sealed"], self._from_today)
        self.tables["kpm_no_kk"].append(row)

    def add_members(self, plan: Plan) -> None:
        """Add the members. A known person is updated instead."""
        for member in plan.members.staying:
            data = member.data
            if member.known:
                self.add_known_member(plan, member)
                continue
            row = plan.staged.rows[member.n or 0]
            sealed = (row["nik_index"], row["nik_sealed"], row["name_sealed"])
            person = (date.fromisoformat(data["birth"]), data["sex"], data["relation"], data["married"])
            values = (data["pengurus"], self.today, *self.sourced)
            self.tables["kpm_anggota"].append((member.anggota_id, plan.kpm_id, *sealed, *person, *values))

    def add_known_member(self, plan: Plan, member: Member) -> None:
        """Add the values of a known person, to be updated."""
        data = member.data
        row = plan.staged.rows[member.n] if member.n is not None and member.written else None
        sealed = (row["nik_index"], row["name_sealed"]) if row else (None, None)
        person = (date.fromisoformat(data["birth"]), data["sex"], data["relation"], data["married"])
        self.known_members.append((member.anggota_id, plan.kpm_id, *sealed, *person, data["pengurus"]))

    def add_usaha(self, plan: Plan) -> None:
        """Add the businesses. The business of a known person is updated instead."""
        self.known_nibs += plan.nibs
        for id_, member in plan.usaha:
            row, usaha = plan.staged.rows[member.n or 0], member.data["usaha"]
            ids = (id_, plan.kpm_id, member.anggota_id)
            values = (usaha["sector"], date.fromisoformat(usaha["started_on"]), usaha["omzet_rp"])
            if member.known:
                flags = (usaha["has_letter"], usaha["has_nib"])
                self.known_usaha.append((*ids, row["nib_sealed"], *values, *flags))
                continue
            rest = (row["nib_sealed"], usaha["has_letter"], *self.sourced)
            self.tables["usaha"].append((*ids, *values, *rest))
