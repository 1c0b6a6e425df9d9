"""Command that assesses a family by the policy's instrument, from answers and known facts."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.errors import CaseNotScored
from services.graduation.assessment.models import Asesmen
from services.graduation.assessment.rules import Answer, Judgement, collect_facts, judge
from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.policy.models.instrument import Indicator, Instrument
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Kepesertaan, Kpm, Usaha
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import KpmAssessed
from shared.database import uuid7
from shared.errors import NotYetKnown
from shared.files import require_uploaded
from shared.messaging import emit

# The criterion for the family's consent. It has no weight (docs/domain.md#readiness).
WILLING = "BERSEDIA"
Answers = Mapping[str, Answer]
Facts = dict[str, Any]


async def assess(session: AsyncSession, actor: Actor, graduasi_id: UUID, answers: Answers) -> Asesmen:
    """Judge the family by the policy's instrument, and store the answers, facts and result.

    Raises:
        CaseNotScored, IllegalTransition, FamilyNotAccompanied, FileNotUploaded, IndicatorUnknown, AnswerTypeMismatch,
        AnswersMissing, EvidenceMissing
    """
    case, policy = await load_case(session, graduasi_id)
    if not policy.needs_score:
        raise CaseNotScored(exit_reason=case.exit_reason, what="asesmen")
    case.require_transition(GraduasiState.DIASESMEN)
    act = Act(actor, await moment_of(session), Stage.USUL)
    author = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    facts = await read_facts(session, case, act.moment.on)
    judgement = judge(*await _read_instrument(session, policy), answers, facts)
    pointer = "/body/answers/{}/evidence_sha256"
    await require_uploaded(
        session, {pointer.format(code): answer.evidence_sha256 for code, answer in answers.items()}
    )
    asesmen = _build_asesmen(case, author, act, judgement, answers, facts)
    case.asesmen_id, case.pernyataan_id = asesmen.asesmen_id, None
    path = [GraduasiState.DIASESMEN, GraduasiState(judgement.result.value)]
    await advance(session, [(case, policy)], path, act)
    session.add(asesmen)
    emit(session, _to_event(case, asesmen))
    return asesmen


def _build_asesmen(
    case: Graduasi, author: tuple[UUID, UUID], act: Act, judgement: Judgement, answers: Answers, facts: Facts
) -> Asesmen:
    willing = answers.get(WILLING)
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
        answers={code: asdict(answer) for code, answer in answers.items()},
        facts=facts,
        result=judgement.result,
        score_percent=judgement.score_percent,
        bersedia=bool(willing.value) if willing else None,
        explanation=judgement.explanation,
    )


def _to_event(case: Graduasi, asesmen: Asesmen) -> KpmAssessed:
    return KpmAssessed.of(
        asesmen, policy_version=case.policy_version, author=str(asesmen.pendamping_id), on=asesmen.assessed_on
    )


async def _read_instrument(session: AsyncSession, policy: Policy) -> tuple[Instrument, list[Indicator]]:
    rows = (
        await session.execute(
            sa.select(Instrument, Indicator)
            .join(Indicator, Indicator.instrument_id == Instrument.instrument_id)
            .where(Instrument.instrument_id == policy.instrument_id)
            .order_by(Indicator.position)
        )
    ).all()
    return rows[0][0], [row[1] for row in rows]


async def read_facts(session: AsyncSession, case: Graduasi, on: date) -> dict[str, Any]:
    """Return the facts of the case's family on a date, and the instrument's version.

    Raises:
        NotYetKnown
    """
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
    return {**collect_facts(row[0], usaha, row[1], on), "instrument_version": row[2]}
