"""The end of the first stage: the family's statement, and the proposal pinned to what it stands on."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.commands.assessment import facts_on
from services.graduation.assessment.errors import (
    AssessmentNotReady,
    CaseNotScored,
    KomponenNotEnded,
    StatementMissing,
)
from services.graduation.assessment.models import Asesmen, Pernyataan, PernyataanTerms, Usul
from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.transitions import Act, advance, load_case, stands_since
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.policy.models.policy import OpenedBy, Policy
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import GraduasiProposed
from shared.contracts.kinds import AsesmenResult
from shared.database import uuid7, write
from shared.dates import require_past
from shared.errors import IllegalTransition
from shared.files import require_evidence
from shared.messaging import emit


async def sign_statement(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, paper: PernyataanTerms
) -> Graduasi:
    """Take in the statement that the family signed after an assessment that says SIAP.

    Raises:
        CaseNotScored, IllegalTransition, FamilyNotAccompanied, DateInTheFuture, DateTooEarly, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    if not policy.needs_statement:
        raise CaseNotScored(exit_reason=case.exit_reason, what="pernyataan")
    case.expect(GraduasiState.PERNYATAAN_DITANDATANGANI)
    act = Act(actor, await moment_of(session), Stage.USUL, evidence=paper.evidence_sha256)
    author, _ = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    require_past(
        paper.signed_on, act.moment.on, "/body/signed_on", earliest=await stands_since(session, case)
    )
    await require_evidence(session, paper.evidence_sha256)
    signed = _pernyataan(case, author, act, paper)
    case.pernyataan_id = signed.pernyataan_id
    await advance(session, [(case, policy)], [GraduasiState.PERNYATAAN_DITANDATANGANI], act)
    session.add(signed)
    return case


def _pernyataan(case: Graduasi, author: UUID, act: Act, paper: PernyataanTerms) -> Pernyataan:
    if case.asesmen_id is None:  # a policy that asks for a signature without a score
        raise AssessmentNotReady
    return Pernyataan(
        **dict(paper),
        pernyataan_id=uuid7(),
        graduasi_id=case.graduasi_id,
        asesmen_id=case.asesmen_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=author,
        at=act.moment.at,
    )


async def propose(session: AsyncSession, actor: Actor, graduasi_id: UUID, reason: str | None) -> Graduasi:
    """Propose the exit, pinned to the last assessment (on short paths: to the facts) and to the policy version.

    Raises:
        IllegalTransition, FamilyNotAccompanied, AssessmentNotReady, StatementMissing, KomponenNotEnded
    """
    case, policy = await load_case(session, graduasi_id)
    _check_path(case, policy)
    act = Act(actor, await moment_of(session), Stage.USUL, reason=reason)
    me = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    usul = await _usul(session, case, policy, me, act)
    case.usul_id = usul.usul_id
    await advance(session, [(case, policy)], [GraduasiState.DIUSULKAN], act)
    await write(session, usul)
    emit(session, proposed(case))
    return case


def proposed(case: Graduasi, exit_proposal_id: UUID | None = None) -> GraduasiProposed:
    """The fact that a case is before the officials; of which proposal of caseload's, where it came from one."""
    return GraduasiProposed.of(case, exit_proposal_id=exit_proposal_id)


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
    if (
        policy.opened_by is OpenedBy.EXIT_PROPOSED and case.usul_id is not None
    ):  # returned: the evidence is the same
        facts = (await session.get_one(Usul, case.usul_id)).facts
    return Usul(
        usul_id=uuid7(),
        graduasi_id=case.graduasi_id,
        asesmen_id=case.asesmen_id,
        pernyataan_id=case.pernyataan_id,
        policy_id=case.policy_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=asesmen.pendamping_id if asesmen else me[0],
        penugasan_id=asesmen.penugasan_id if asesmen else me[1],
        proposer_pendamping_id=me[0],
        proposer_penugasan_id=me[1],
        proposed_by=act.actor.person,
        proposed_on=act.moment.on,
        facts=facts,
        at=act.moment.at,
    )


async def _komponen_ended(session: AsyncSession, case: Graduasi, on: date) -> dict[str, Any]:
    facts = await facts_on(session, case, on)
    ended = facts["last_komponen_ends_on"]
    if ended is None or date.fromisoformat(ended) > on:
        raise KomponenNotEnded(on=on)
    return facts
