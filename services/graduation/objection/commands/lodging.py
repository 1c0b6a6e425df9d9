"""Command that lodges a sanggah (docs/decisions/0016-objection-by-the-date-on-the-paper.md)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState
from services.graduation.decree.models import Penetapan, Sk
from services.graduation.objection.errors import (
    SanggahAfterCaseEnd,
    SanggahAlreadyLodged,
    SanggahBeforeAnnouncement,
    SanggahOutOfTerm,
    SanggahStillOpen,
    SanggahWhilePostponed,
)
from services.graduation.objection.models.sanggah import (
    LodgedBy,
    PaperTerms,
    Sanggah,
    SanggahGround,
    SanggahLodging,
    SanggahScan,
    SanggahState,
)
from services.graduation.objection.queries import select_open_sanggah
from services.graduation.tables import CaseReason
from services.graduation.term.commands import announce_case
from shared.access import Actor, Scope
from shared.clock import Moment, moment_of
from shared.contracts.graduation import SanggahLodged
from shared.database import refuse_violations, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import DomainError
from shared.evidence import EvidenceKind, EvidenceUse, require_evidence
from shared.messaging import emit
from shared.privacy import Vault, seal_texts
from shared.text import normalize_number

# A sanggah in term has a refusal of its own in these states without a transition to DISANGGAH.
STATE_REFUSALS: dict[GraduasiState, type[DomainError]] = {
    GraduasiState.DITUNDA: SanggahWhilePostponed,
    GraduasiState.SELESAI: SanggahAfterCaseEnd,
}


async def lodge_sanggah(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, terms: SanggahLodging
) -> tuple[Sanggah, bool]:
    """Record a sanggah whose paper is dated in the term.

    Return it, and whether it is new. It suspends the case, unless one with its ground was refused before. Another scan
    of a recorded sanggah is added to it.

    Raises:
        NotFound, FamilyNotAccompanied, SanggahStillOpen, SanggahBeforeAnnouncement, SanggahOutOfTerm,
        SanggahWhilePostponed, SanggahAfterCaseEnd, DateTooEarly, DateInTheFuture, IllegalTransition, FileNotUploaded,
        SanggahAlreadyLodged
    """
    case, policy = await load_case(session, graduasi_id)
    moment, code = await moment_of(session), CaseReason(terms.ground.value)
    act = Act(actor, moment, evidence=terms.evidence_sha256, code=code)
    if actor.scope is Scope.OWN_FAMILIES:
        await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    lodger_ref = _hash_lodger(session, case, terms)
    if (sanggah := await _find_same(session, case, terms, lodger_ref)) is not None:
        await _add_scan(session, sanggah, act)
        return sanggah, False
    await announce_case(session, case, policy, act.moment)
    await _require_in_term(session, case, terms.lodged_on, act.moment)
    sanggah = _build_sanggah(case, terms, act, lodger_ref, vault_of(session))
    sanggah.suspends = not await _was_refused(session, case, terms.ground)
    session.add(sanggah)
    with refuse_violations(sanggah, uq_sanggah_open=SanggahStillOpen):
        await session.flush()
    await _add_scan(session, sanggah, act)
    if sanggah.suspends:
        await advance(session, [(case, policy)], [GraduasiState.DISANGGAH], act)
    emit(session, _to_lodged_event(case, sanggah))
    return sanggah, True


def _hash_lodger(session: AsyncSession, case: Graduasi, terms: SanggahLodging) -> bytes:
    """Return the keyed hash of what identifies the lodger."""
    vault = vault_of(session)
    if terms.lodger_nik is not None:
        return vault.index("nik", terms.lodger_nik)
    if terms.register_no is not None:
        return vault.index("register_no", normalize_number(terms.register_no))
    if terms.lodged_by is LodgedBy.KELUARGA:
        return vault.index("kpm", str(case.kpm_id))
    return vault.index("paper", terms.evidence_sha256)


async def _find_same(
    session: AsyncSession, case: Graduasi, terms: SanggahLodging, lodger_ref: bytes
) -> Sanggah | None:
    """Return the recorded sanggah of the same lodger and date."""
    statement = sa.select(Sanggah).where(
        Sanggah.graduasi_id == case.graduasi_id,
        Sanggah.lodged_by == terms.lodged_by,
        Sanggah.lodger_ref == lodger_ref,
        Sanggah.lodged_on == terms.lodged_on,
        Sanggah.state != SanggahState.SALAH_CATAT,
    )
    return (await session.scalars(statement)).one_or_none()


async def _add_scan(session: AsyncSession, sanggah: Sanggah, act: Act) -> None:
    """Add a scan to a sanggah. One that it has already changes nothing."""
    sha256 = act.evidence or ""
    keys = (sanggah.graduasi_id, sanggah.kpm_id, sanggah.kode_wilayah)
    await require_evidence(session, sha256, EvidenceUse(EvidenceKind.SANGGAH, *keys, act.actor))
    statement = (
        sa.select(SanggahScan.sanggah_id)
        .join(Sanggah, Sanggah.sanggah_id == SanggahScan.sanggah_id)
        .where(SanggahScan.graduasi_id == sanggah.graduasi_id, SanggahScan.evidence_sha256 == sha256)
        .where(Sanggah.state != SanggahState.SALAH_CATAT)
    )
    scan_of = await session.scalar(statement)
    if scan_of is None:
        session.add(_build_scan(sanggah, sha256, act))
        await session.flush()
    elif scan_of != sanggah.sanggah_id:
        raise SanggahAlreadyLodged(sanggah_id=scan_of)


async def _was_refused(session: AsyncSession, case: Graduasi, ground: SanggahGround) -> bool:
    statement = sa.select(Sanggah.sanggah_id).where(
        Sanggah.graduasi_id == case.graduasi_id,
        Sanggah.ground == ground,
        Sanggah.state == SanggahState.DITOLAK,
    )
    return await session.scalar(statement.limit(1)) is not None


async def _require_in_term(session: AsyncSession, case: Graduasi, lodged_on: date, now: Moment) -> None:
    if case.state is GraduasiState.DISANGGAH:
        raise SanggahStillOpen(existing=select_open_sanggah(case.graduasi_id))
    penetapan = await session.get(Penetapan, case.graduasi_id)
    if penetapan is None:
        case.require_transition(GraduasiState.DISANGGAH)
        return
    if now.on < penetapan.announced_on:
        raise SanggahBeforeAnnouncement(on=penetapan.announced_on)
    # A case that was postponed at the announcement of its SK is announced later, but the SK has been public since.
    earliest = (await session.get_one(Sk, penetapan.sk_id)).announced_on
    require_not_future(lodged_on, now.latest_on, "/body/lodged_on", earliest=earliest)
    if lodged_on > penetapan.term_ends_on:
        raise SanggahOutOfTerm("/body/lodged_on", on=lodged_on, ended=penetapan.term_ends_on)
    if (refusal := STATE_REFUSALS.get(case.state)) is not None:
        raise refusal(on=lodged_on, ended=penetapan.term_ends_on)
    case.require_transition(GraduasiState.DISANGGAH)


def _build_sanggah(
    case: Graduasi, terms: SanggahLodging, act: Act, lodger_ref: bytes, vault: Vault
) -> Sanggah:
    sanggah_id = uuid7()
    return Sanggah(
        **{name: getattr(terms, name) for name in PaperTerms.model_fields},
        **seal_texts(vault, {"note": terms.note}, table="sanggah", row_id=sanggah_id),
        sanggah_id=sanggah_id,
        graduasi_id=case.graduasi_id,
        kpm_id=case.kpm_id,
        kode_wilayah=case.kode_wilayah,
        lodger_ref=lodger_ref,
        typed_by=act.actor.person,
        typed_by_sub=act.actor.sub,
        typed_on=act.moment.on,
        at=act.moment.at,
        state=SanggahState.DIAJUKAN,
    )


def _build_scan(sanggah: Sanggah, sha256: str, act: Act) -> SanggahScan:
    return SanggahScan(
        scan_id=uuid7(),
        sanggah_id=sanggah.sanggah_id,
        graduasi_id=sanggah.graduasi_id,
        kode_wilayah=sanggah.kode_wilayah,
        evidence_sha256=sha256,
        added_by=act.actor.person,
        added_by_sub=act.actor.sub,
        added_on=act.moment.on,
        at=act.moment.at,
    )


def _to_lodged_event(case: Graduasi, sanggah: Sanggah) -> SanggahLodged:
    return SanggahLodged.of(
        case, sanggah_id=sanggah.sanggah_id, lodged_on=sanggah.lodged_on, suspends=sanggah.suspends
    )
