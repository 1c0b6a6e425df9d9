"""The SK: one document determines many approved cases; credit is given, the term begins (chain.md 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Pernyataan, Usul
from services.graduation.case.commands.transitions import Act, advance
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.credit.commands import Counted, grant_credits
from services.graduation.decree.errors import CaseAlreadyInSk, CasesNotApproved, SkNumberTaken
from services.graduation.decree.models import Penetapan, Sk, SkTerms
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import calendar_of, effective_tahap, last_payable, term_ends_on
from services.graduation.replicas.models import Kpm
from services.graduation.term.commands import schedule_term_end
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import GraduasiDetermined
from shared.database import refusing, uuid7
from shared.dates import require_past
from shared.errors import NotFound
from shared.files import require_evidence
from shared.messaging import emit

NAMED = 5


@dataclass(frozen=True, slots=True)
class Approved:
    """A case under lock, approved or to be refused, with what its penetapan needs."""

    case: Graduasi
    policy: Policy
    usul: Usul
    offers_sha256: str | None
    area_now: str


async def determine(session: AsyncSession, actor: Actor, terms: SkTerms, graduasi_ids: Sequence[UUID]) -> Sk:
    """Determine approved cases in one SK, announced on its date: all of them, or none.

    Raises:
        NotFound, CasesNotApproved, DateInTheFuture, DateTooEarly, FileNotUploaded, TahapNotPlanned,
        SamePersonTwice, SkNumberTaken, CaseAlreadyInSk
    """
    approved = await _approved(session, graduasi_ids)
    act = Act(actor, await moment_of(session), Stage.PENETAPAN, terms.sk_no, terms.evidence_sha256)
    require_past(terms.sk_on, act.moment.on, "/body/sk_on", earliest=max(a.case.since_on for a in approved))
    await require_evidence(session, terms.evidence_sha256)
    sk = new_sk(terms, len(graduasi_ids), act)
    await number(session, sk)
    await put_in(session, sk, approved, act)
    return sk


async def number(session: AsyncSession, sk: Sk) -> None:
    """Write the document down; raise SkNumberTaken."""
    session.add(sk)
    with refusing(uq_sk_sk_no=lambda: SkNumberTaken("/body/sk_no")):
        await session.flush()


async def put_in(session: AsyncSession, sk: Sk, approved: Sequence[Approved], act: Act) -> None:
    """Determine approved cases, under lock, in an SK: their terms begin, what they count is granted, all is told.

    Raises:
        TahapNotPlanned, SamePersonTwice, CaseAlreadyInSk
    """
    planned = await calendar_of(session)
    decided = [_penetapan(a, sk, planned) for a in approved]
    await _write(session, approved, decided, act)
    _tell(session, approved, decided, sk)
    await grant_credits(session, [Counted(a.case, a.policy, a.usul, a.area_now) for a in approved], sk)


async def _write(
    session: AsyncSession, approved: Sequence[Approved], decided: Sequence[Penetapan], act: Act
) -> None:
    path = [GraduasiState.DITETAPKAN, GraduasiState.MASA_SANGGAH]
    with refusing(pk_penetapan=CaseAlreadyInSk):
        session.add_all(decided)
        await session.flush()
        await advance(session, [(a.case, a.policy) for a in approved], path, act)
    await schedule_term_end(session, decided)


async def _approved(session: AsyncSession, graduasi_ids: Sequence[UUID]) -> list[Approved]:
    rows = await locked(session, graduasi_ids)
    if len(rows) < len(graduasi_ids):
        raise NotFound("graduasi", "/body/graduasi_ids")
    unready = [
        str(row.case.graduasi_id) for row in rows if row.case.state is not GraduasiState.DISETUJUI_DINSOS
    ]
    if unready:
        raise CasesNotApproved("/body/graduasi_ids", ids=", ".join(unready[:NAMED]))
    return rows


async def locked(session: AsyncSession, graduasi_ids: Sequence[UUID]) -> list[Approved]:
    """Lock the cases in one order, so that two SK with the same cases never wait for each other in a circle."""
    statement = (
        sa.select(Graduasi, Policy, Usul, Pernyataan.offers_sha256, Kpm.kode_wilayah)
        .join(Policy, Policy.policy_id == Graduasi.policy_id)
        .outerjoin(Usul, Usul.usul_id == Graduasi.usul_id)
        .outerjoin(Pernyataan, Pernyataan.pernyataan_id == Usul.pernyataan_id)
        .outerjoin(Kpm, Kpm.kpm_id == Graduasi.kpm_id)
        .where(Graduasi.graduasi_id.in_(graduasi_ids))
        .order_by(Graduasi.graduasi_id)
        .with_for_update(key_share=True, of=Graduasi)
        .execution_options(populate_existing=True)
    )
    rows = (await session.execute(statement)).all()
    return [Approved(row[0], row[1], row[2], row[3], row[4] or row[0].kode_wilayah) for row in rows]


def new_sk(terms: SkTerms, cases: int, act: Act) -> Sk:
    """Return an SK that is announced on its date."""
    return Sk(
        sk_id=uuid7(),
        sk_no=terms.sk_no,
        sk_on=terms.sk_on,
        announced_on=terms.sk_on,
        cases=cases,
        evidence_sha256=terms.evidence_sha256,
        determined_by=act.actor.person,
        at=act.moment.at,
    )


def _penetapan(approved: Approved, sk: Sk, planned: Sequence[TahapCalendar]) -> Penetapan:
    ends_on = term_ends_on(approved.policy, sk.announced_on, sk.sk_on)
    tahap = effective_tahap(planned, ends_on)
    return Penetapan(
        graduasi_id=approved.case.graduasi_id,
        sk_id=sk.sk_id,
        usul_id=approved.usul.usul_id,
        kode_wilayah=approved.case.kode_wilayah,
        pendamping_id=approved.usul.pendamping_id,
        penugasan_id=approved.usul.penugasan_id,
        announced_on=sk.announced_on,
        term_ends_on=ends_on,
        effective_tahap=tahap.tahap,
        effective_on=tahap.starts_on,
        last_payable_tahap=last_payable(planned, tahap),
    )


def _tell(session: AsyncSession, approved: Sequence[Approved], decided: Sequence[Penetapan], sk: Sk) -> None:
    for one, penetapan in zip(approved, decided, strict=True):
        emit(session, _determined(one, penetapan, sk))


def _determined(one: Approved, penetapan: Penetapan, sk: Sk) -> GraduasiDetermined:
    return GraduasiDetermined.of(
        one.case,
        sk_id=sk.sk_id,
        sk_no=sk.sk_no,
        sk_on=sk.sk_on,
        term_ends_on=penetapan.term_ends_on,
        effective_tahap=penetapan.effective_tahap,
        effective_on=penetapan.effective_on,
        opens_rujukan=one.policy.opens_rujukan,
        pendamping_id=penetapan.pendamping_id,
        statement_offers_sha256=one.offers_sha256,
    )
