"""Events of one step: only new or changed things are emitted."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.caseload.intake.commands.members import Member
from services.caseload.intake.commands.plan import Plan
from shared.contracts.caseload import (
    DampinganStarted,
    KepesertaanStarted,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)
from shared.contracts.kinds import DampinganPurpose, PilarKind
from shared.events import PreparedEvent
from shared.messaging import prepare


def events_of(plan: Plan, today: date) -> Iterator[PreparedEvent]:
    """Yield the events of one family."""
    family = {"kpm_id": plan.kpm_id, "kode_wilayah": plan.kode}
    if plan.facts_changed:
        yield prepare(KpmRegistered if plan.new else KpmUpdated, plan.facts)
    for kepesertaan_id, bansos, first in plan.kepesertaan:
        values = {"kepesertaan_id": kepesertaan_id, "bansos": bansos, "valid_from": first}
        yield prepare(KepesertaanStarted, family | values)
    for usaha_id, member in (plan.owned | dict(plan.usaha)).items():
        if member.data["usaha"] is None:
            continue
        yield usaha_recorded(plan, usaha_id, member)
    if plan.dampingan:
        yield dampingan_started(plan, plan.dampingan, today)


def usaha_recorded(plan: Plan, usaha_id: UUID, member: Member) -> PreparedEvent:
    """Return the event of a member's business."""
    data = member.data
    owner = {
        "owner_id": member.anggota_id,
        "owner_sex": data["sex"],
        "owner_birth_year": int(data["birth"][:4]),
        "owner_married": data["married"],
    }
    keys = {"usaha_id": usaha_id, "kpm_id": plan.kpm_id, "kode_wilayah": plan.kode}
    return prepare(UsahaRecorded, {**keys, **owner, **data["usaha"]})


def dampingan_started(plan: Plan, dampingan: tuple[UUID, UUID, UUID], today: date) -> PreparedEvent:
    """Return the event of a new dampingan."""
    dampingan_id, penugasan_id, pendamping_id = dampingan
    values = {
        "dampingan_id": dampingan_id,
        "kpm_id": plan.kpm_id,
        "kode_wilayah": plan.kode,
        "pendamping_id": pendamping_id,
        "penugasan_id": penugasan_id,
        "kind": PilarKind.PKH_PENDAMPING,
        "purpose": DampinganPurpose.PENDAMPINGAN,
        "valid_from": today,
    }
    return prepare(DampinganStarted, values)
