"""Command that assesses a family by the policy's instrument, from answers and known facts."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Asesmen
from services.graduation.assessment.queries.facts import read_facts, read_instruments
from services.graduation.assessment.rules.judgement import Answer, Judgement, judge
from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.evidence import use_for
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.case.rules import require_assessable
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import KpmAssessed
from shared.database import uuid7
from shared.evidence import EvidenceKind, record_uses
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
    require_assessable(case, policy)
    act = Act(actor, await moment_of(session), Stage.USUL)
    author = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    facts = await read_facts(session, case, policy, act.moment.on)
    (instrument, indicators), *_ = (await read_instruments(session, [policy.instrument_id])).values()
    judgement = judge(instrument, indicators, answers, facts)
    await _use_evidence(session, case, act, answers)
    asesmen = _build_asesmen(case, author, act, judgement, answers, facts)
    case.asesmen_id, case.pernyataan_id = asesmen.asesmen_id, None
    path = [GraduasiState.DIASESMEN, GraduasiState(judgement.result.value)]
    await advance(session, [(case, policy)], path, act)
    session.add(asesmen)
    emit(session, _to_event(case, asesmen))
    return asesmen


async def _use_evidence(session: AsyncSession, case: Graduasi, act: Act, answers: Answers) -> None:
    hashes = {code: answer.evidence_sha256 for code, answer in answers.items()}
    pointer = "/body/answers/{}/evidence_sha256"
    await require_uploaded(session, {pointer.format(code): sha256 for code, sha256 in hashes.items()})
    known = [sha256 for sha256 in hashes.values() if sha256 is not None]
    await record_uses(session, known, use_for(case, act.actor, EvidenceKind.ASESMEN))


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
        instrument_version=judgement.instrument_version,
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
