"""The first stage, USUL: a case is opened, the family assessed, its statement taken in, the exit proposed."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.commands.case import (
    Act,
    Moment,
    advance,
    load_case,
    moment_of,
    policy_of,
    refusing,
    require_files,
)
from services.graduation.commands.dampingan import require_dampingan
from services.graduation.commands.scoring import Answer, Judgement, facts_of, judge
from services.graduation.errors import (
    AssessmentNotReady,
    CaseAlreadyOpen,
    DateInTheFuture,
    DateTooEarly,
    KepesertaanNotActive,
    KepesertaanOfAnother,
    KomponenNotEnded,
    NotScored,
    OpenedByExitProposal,
    StatementMissing,
)
from services.graduation.models import (
    Asesmen,
    Graduasi,
    GraduasiState,
    Indicator,
    Instrument,
    Kepesertaan,
    Kpm,
    OpenedBy,
    Pernyataan,
    Policy,
    Stage,
    Usaha,
    Usul,
)
from shared.access import Actor
from shared.contracts.graduation import GraduasiProposed, KpmAssessed
from shared.contracts.kinds import AsesmenResult, ExitReason
from shared.database import uuid7
from shared.errors import IllegalTransition, NotFound, NotYetKnown
from shared.messaging import emit


async def open_case(
    session: AsyncSession, actor: Actor, kpm_id: UUID, kepesertaan_id: UUID, exit_reason: ExitReason
) -> Graduasi:
    """Open a case on a kepesertaan, under the policy in force today.

    Raises:
        NoPolicy, OpenedByExitProposal, NotYetKnown, NotFound, NotYourFamily, KepesertaanOfAnother,
        KepesertaanNotActive, CaseAlreadyOpen (its unique index says so)
    """
    now = await moment_of(session)
    policy = await policy_of(session, exit_reason, now.on)
    if policy.opened_by is not OpenedBy.PENDAMPING:
        raise OpenedByExitProposal("/body/exit_reason", exit_reason=exit_reason)
    kpm, member = await _family(session, actor, kpm_id, kepesertaan_id, now.on)
    await require_dampingan(session, actor, kpm_id, kpm.kode_wilayah, now.on)
    case = _new_case(actor, kpm, member, policy, now)
    session.add(case)
    with refusing(uq_graduasi_open=CaseAlreadyOpen):
        await session.flush()
    return case


def _new_case(actor: Actor, kpm: Kpm, member: Kepesertaan, policy: Policy, now: Moment) -> Graduasi:
    return Graduasi(
        graduasi_id=uuid7(),
        kpm_id=kpm.kpm_id,
        kepesertaan_id=member.kepesertaan_id,
        bansos=member.bansos,
        exit_reason=policy.exit_reason,
        kode_wilayah=kpm.kode_wilayah,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        state=GraduasiState.TERIDENTIFIKASI,
        since_on=now.on,
        opened_by=actor.person,
        opened_at=now.at,
        version=1,
    )


async def _family(
    session: AsyncSession, actor: Actor, kpm_id: UUID, kepesertaan_id: UUID, on: date
) -> tuple[Kpm, Kepesertaan]:
    row = (
        await session.execute(
            sa.select(Kpm, Kepesertaan)
            .outerjoin(Kepesertaan, Kepesertaan.kepesertaan_id == kepesertaan_id)
            .where(Kpm.kpm_id == kpm_id)
        )
    ).one_or_none()
    if row is None:
        raise NotYetKnown("kpm", "/body/kpm_id")
    kpm, member = row
    if not actor.covers(kpm.kode_wilayah):
        raise NotFound("kpm", "/body/kpm_id")
    if member is None:
        raise NotYetKnown("kepesertaan", "/body/kepesertaan_id")
    if member.kpm_id != kpm_id:
        raise KepesertaanOfAnother("/body/kepesertaan_id")
    if not (member.valid_from <= on and (member.valid_to is None or member.valid_to > on)):
        raise KepesertaanNotActive("/body/kepesertaan_id", on=on)
    return kpm, member


async def assess(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, answers: Mapping[str, Answer]
) -> Asesmen:
    """Judge the family by the policy's instrument; the facts as known today are kept with the result.

    Raises:
        NotScored, IllegalTransition, NotYourFamily, what `judge` raises, EvidenceUnknown
    """
    case, policy = await load_case(session, graduasi_id)
    if not policy.needs_score:
        raise NotScored(exit_reason=case.exit_reason, what="asesmen")
    case.expect(GraduasiState.DIASESMEN)
    act = Act(actor, await moment_of(session), Stage.USUL)
    author = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    facts = await _facts(session, case, act.moment.on)
    judgement = judge(*await _instrument(session, policy), answers, facts)
    evidence = {code: answer.evidence_sha256 for code, answer in answers.items() if answer.evidence_sha256}
    await require_files(session, evidence)
    found = _asesmen(case, author, act, judgement, answers, facts)
    case.asesmen_id, case.pernyataan_id = found.asesmen_id, None
    await advance(
        session, [(case, policy)], [GraduasiState.DIASESMEN, GraduasiState(judgement.result.value)], act
    )
    session.add(found)
    emit(session, _assessed(case, found))
    return found


def _asesmen(
    case: Graduasi,
    author: tuple[UUID, UUID],
    act: Act,
    judgement: Judgement,
    answers: Mapping[str, Answer],
    facts: dict[str, Any],
) -> Asesmen:
    willing = answers.get("BERSEDIA")
    return Asesmen(
        asesmen_id=uuid7(),
        graduasi_id=case.graduasi_id,
        kpm_id=case.kpm_id,
        kode_wilayah=case.kode_wilayah,
        policy_id=case.policy_id,
        instrument_version=facts.pop("instrument_version"),
        pendamping_id=author[0],
        penugasan_id=author[1],
        assessed_on=act.moment.on,
        at=act.moment.at,
        answers={
            code: {"value": a.value, "evidence_sha256": a.evidence_sha256} for code, a in answers.items()
        },
        facts=facts,
        result=judgement.result,
        score_percent=judgement.score_percent,
        bersedia=bool(willing.value) if willing else None,
        explanation=judgement.explanation,
    )


def _assessed(case: Graduasi, found: Asesmen) -> KpmAssessed:
    return KpmAssessed(
        asesmen_id=found.asesmen_id,
        graduasi_id=case.graduasi_id,
        kpm_id=case.kpm_id,
        kode_wilayah=case.kode_wilayah,
        result=found.result,
        policy_version=case.policy_version,
        author=str(found.pendamping_id),
        penugasan_id=found.penugasan_id,
        on=found.assessed_on,
    )


async def _instrument(session: AsyncSession, policy: Policy) -> tuple[Instrument, list[Indicator]]:
    rows = (
        await session.execute(
            sa.select(Instrument, Indicator)
            .join(Indicator, Indicator.instrument_id == Instrument.instrument_id)
            .where(Instrument.instrument_id == policy.instrument_id)
            .order_by(Indicator.position)
        )
    ).all()
    return rows[0][0], [row[1] for row in rows]


async def _facts(session: AsyncSession, case: Graduasi, on: date) -> dict[str, Any]:
    row = (
        await session.execute(
            sa.select(Kpm, Kepesertaan.valid_from, Instrument.version)
            .select_from(Kpm)
            .join(Kepesertaan, Kepesertaan.kepesertaan_id == case.kepesertaan_id)
            .join(Policy, Policy.policy_id == case.policy_id)
            .outerjoin(Instrument, Instrument.instrument_id == Policy.instrument_id)
            .where(Kpm.kpm_id == case.kpm_id)
        )
    ).one_or_none()
    if row is None:
        raise NotYetKnown("kpm")
    usaha = (await session.scalars(sa.select(Usaha).where(Usaha.kpm_id == case.kpm_id))).all()
    return {**facts_of(row[0], usaha, row[1], on), "instrument_version": row[2]}


async def sign_statement(
    session: AsyncSession,
    actor: Actor,
    graduasi_id: UUID,
    signed_on: date,
    evidence_sha256: str,
    offers_sha256: str,
) -> Graduasi:
    """Take in the statement that the family signed, having seen the offers whose list has `offers_sha256`.

    Raises:
        NotScored, AssessmentNotReady, IllegalTransition, NotYourFamily, DateInTheFuture, DateTooEarly, EvidenceUnknown
    """
    case, policy = await load_case(session, graduasi_id)
    if not policy.needs_statement:
        raise NotScored(exit_reason=case.exit_reason, what="pernyataan")
    case.expect(GraduasiState.PERNYATAAN_DITANDATANGANI)
    if case.asesmen_id is None:
        raise AssessmentNotReady
    act = Act(actor, await moment_of(session), Stage.USUL, evidence=evidence_sha256)
    author = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    check_dated("/body/signed_on", signed_on, case.since_on, act.moment.on)
    await require_files(session, {"pernyataan": evidence_sha256})
    signed = Pernyataan(
        pernyataan_id=uuid7(),
        graduasi_id=graduasi_id,
        asesmen_id=case.asesmen_id,
        kode_wilayah=case.kode_wilayah,
        signed_on=signed_on,
        evidence_sha256=evidence_sha256,
        offers_sha256=offers_sha256,
        pendamping_id=author[0],
        at=act.moment.at,
    )
    case.pernyataan_id = signed.pernyataan_id
    await advance(session, [(case, policy)], [GraduasiState.PERNYATAAN_DITANDATANGANI], act)
    session.add(signed)
    return case


def check_dated(pointer: str, on: date, earliest: date, today: date) -> None:
    """Raise DateInTheFuture or DateTooEarly unless a paper's date lies between what it stands on and today."""
    if on > today:
        raise DateInTheFuture(pointer, on=on, today=today)
    if on < earliest:
        raise DateTooEarly(pointer, on=on, earliest=earliest)


async def propose(session: AsyncSession, actor: Actor, graduasi_id: UUID, reason: str | None) -> Graduasi:
    """Propose the exit, pinned to the last assessment (on short paths: to the facts) and to the policy version.

    Raises:
        IllegalTransition, NotYourFamily, AssessmentNotReady, StatementMissing, KomponenNotEnded
    """
    case, policy = await load_case(session, graduasi_id)
    _check_path(case, policy)
    act = Act(actor, await moment_of(session), Stage.USUL, reason=reason)
    me = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    usul = await _usul(session, case, policy, me, act)
    case.usul_id = usul.usul_id
    await advance(session, [(case, policy)], [GraduasiState.DIUSULKAN], act)
    session.add(usul)
    emit(
        session,
        GraduasiProposed(
            graduasi_id=graduasi_id,
            kpm_id=case.kpm_id,
            kode_wilayah=case.kode_wilayah,
            kepesertaan_id=case.kepesertaan_id,
            exit_reason=case.exit_reason,
        ),
    )
    return case


def _check_path(case: Graduasi, policy: Policy) -> None:
    """A scored path reaches DIUSULKAN through the statement; TERIDENTIFIKASI leads there on short paths only."""
    case.expect(GraduasiState.DIUSULKAN)
    if policy.needs_score and case.state is GraduasiState.TERIDENTIFIKASI:
        raise IllegalTransition(noun="graduasi", current=case.state, wanted=GraduasiState.DIUSULKAN)


async def _usul(
    session: AsyncSession, case: Graduasi, policy: Policy, me: tuple[UUID, UUID], act: Act
) -> Usul:
    asesmen = await session.get(Asesmen, case.asesmen_id) if case.asesmen_id else None
    facts: dict[str, Any] = {}
    if policy.needs_score and (asesmen is None or asesmen.result is not AsesmenResult.SIAP):
        raise AssessmentNotReady
    if policy.needs_statement and case.pernyataan_id is None:
        raise StatementMissing
    if policy.needs_komponen_ended:
        facts = await _komponen_ended(session, case, act.moment.on)
    return Usul(
        usul_id=uuid7(),
        graduasi_id=case.graduasi_id,
        asesmen_id=case.asesmen_id,
        pernyataan_id=case.pernyataan_id,
        policy_id=case.policy_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=asesmen.pendamping_id if asesmen else me[0],
        penugasan_id=asesmen.penugasan_id if asesmen else me[1],
        proposed_by=act.actor.person,
        proposed_on=act.moment.on,
        facts=facts,
        at=act.moment.at,
    )


async def _komponen_ended(session: AsyncSession, case: Graduasi, on: date) -> dict[str, Any]:
    facts = await _facts(session, case, on)
    ended = facts["last_komponen_ends_on"]
    if ended is None or date.fromisoformat(ended) > on:
        raise KomponenNotEnded(on=on)
    return facts
