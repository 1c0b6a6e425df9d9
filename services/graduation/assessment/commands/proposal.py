"""Commands of the stage USUL: the family's signed statement, and the proposal."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.errors import (
    AssessmentNotReady,
    KomponenNotEnded,
    SignerIsMinor,
    SignerNotMember,
    StatementMissing,
)
from services.graduation.assessment.models import Asesmen, Pernyataan, PernyataanTerms, Usul
from services.graduation.assessment.queries.facts import (
    AreaTest,
    read_author_changes,
    read_changes,
    read_facts,
)
from services.graduation.assessment.rules.changes import to_refusal
from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.evidence import use_for
from services.graduation.case.commands.transitions import Act, advance, load_case, read_entry_date
from services.graduation.case.models import DETERMINED, Graduasi, GraduasiState, Stage
from services.graduation.case.rules import require_proposable, require_signable
from services.graduation.policy.models.policy import OpenedBy, Policy
from services.graduation.replicas.models import Kpm
from shared.access import Actor
from shared.clock import Moment, moment_of
from shared.contracts.graduation import GraduasiProposed
from shared.contracts.kinds import AsesmenResult
from shared.database import PreparedSelect, placeholder, uuid7, write
from shared.dates import require_not_future
from shared.errors import NotYetKnown, PengurusMissing
from shared.evidence import EvidenceKind, require_evidence
from shared.messaging import emit


async def sign_statement(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, terms: PernyataanTerms
) -> Graduasi:
    """Record the statement that the family signed after an assessment with result SIAP.

    Until the proposal another one replaces it.

    Raises:
        CaseNotScored, IllegalTransition, FamilyNotAccompanied, DateInTheFuture, DateTooEarly, FileNotUploaded,
        SignerNotMember, SignerIsMinor, PengurusMissing
    """
    case, policy = await load_case(session, graduasi_id)
    require_signable(case, policy)
    act = Act(actor, await moment_of(session), Stage.USUL, evidence=terms.evidence_sha256)
    author, _ = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    require_not_future(
        terms.signed_on,
        act.moment.latest_on,
        "/body/signed_on",
        earliest=await read_entry_date(session, case, GraduasiState.SIAP),
    )
    await require_evidence(session, terms.evidence_sha256, use_for(case, actor, EvidenceKind.PERNYATAAN))
    pernyataan = _build_pernyataan(case, author, act, terms)
    pernyataan.signer_id = await _find_signer(session, case, terms)
    case.pernyataan_id = pernyataan.pernyataan_id
    await advance(session, [(case, policy)], [GraduasiState.PERNYATAAN_DITANDATANGANI], act)
    session.add(pernyataan)
    return case


async def _find_signer(session: AsyncSession, case: Graduasi, terms: PernyataanTerms) -> UUID | None:
    """Return who signed: the person named in the request, else the family's pengurus.

    Raises:
        SignerNotMember: That person has died or left the family.
        SignerIsMinor: That person is a minor, and the family has an adult.
        NotYetKnown: No event has told that this person is a member.
        PengurusMissing: Nobody is named, and the pengurus has died or left.
    """
    kpm = await session.get(Kpm, case.kpm_id)
    signer_id = terms.signer_id or (kpm.pengurus_id if kpm else None)
    if kpm is not None and kpm.former_members and signer_id is None:
        raise PengurusMissing("/body/signer_id")
    if kpm is not None and (kpm.ended_on is not None or signer_id in kpm.former_members):
        raise SignerNotMember("/body/signer_id")
    if kpm is not None and kpm.member_ids and signer_id not in kpm.member_ids:
        raise NotYetKnown("anggota", "/body/signer_id")
    if kpm is not None and signer_id in kpm.minor_ids and set(kpm.member_ids) - set(kpm.minor_ids):
        raise SignerIsMinor("/body/signer_id")
    return signer_id


def _build_pernyataan(case: Graduasi, author: UUID, act: Act, terms: PernyataanTerms) -> Pernyataan:
    if case.asesmen_id is None:  # The policy requires a statement but no score.
        raise AssessmentNotReady
    return Pernyataan(
        **dict(terms),
        pernyataan_id=uuid7(),
        graduasi_id=case.graduasi_id,
        asesmen_id=case.asesmen_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=author,
        at=act.moment.at,
    )


async def propose(session: AsyncSession, actor: Actor, graduasi_id: UUID, reason: str | None) -> Graduasi:
    """Propose the exit on the last assessment, or on short paths on the facts.

    Raises:
        IllegalTransition, FamilyNotAccompanied, AssessmentNotReady, StatementMissing, KomponenNotEnded,
        NewAssessmentMissing, AssessmentAuthorBarred
        FactsChanged: A returned case would be proposed on facts that no longer hold.
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), Stage.USUL, reason=reason)
    usul = await check_proposal(session, actor, case, policy, act.moment)
    case.usul_id = usul.usul_id
    await advance(session, [(case, policy)], [GraduasiState.DIUSULKAN], act)
    await write(session, usul)
    emit(session, to_proposed_event(case))
    return case


async def check_proposal(
    session: AsyncSession, actor: Actor, case: Graduasi, policy: Policy, now: Moment
) -> Usul:
    """Return the proposal that the actor may make now.

    Raises:
        What refuses a proposal.
    """
    require_proposable(case, policy)
    proposer = await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, now.on)
    usul = await _build_usul(session, actor, case, policy, proposer, now)
    await _require_author(session, case, policy, now.on)
    if case.state is GraduasiState.DIKEMBALIKAN:
        await require_unchanged(session, case, policy, now.on, area="any")
    return usul


async def require_unchanged(
    session: AsyncSession, case: Graduasi, policy: Policy, on: date, *, area: AreaTest = "approval"
) -> None:
    """Check that what the case was proposed on still holds. `area` is explained at `read_changes`.

    Raises:
        FactsChanged, AssessmentAuthorBarred, ProposerBarred, EvidenceFlagged
    """
    changes = await read_changes(session, [(case, policy)], on, area=area)
    if case_changes := changes.get(case.graduasi_id):
        raise to_refusal(case_changes, _way_of_changed(case, policy))


async def _require_author(session: AsyncSession, case: Graduasi, policy: Policy, on: date) -> None:
    changes = await read_author_changes(session, [case.asesmen_id], on)
    if (change := changes.get(case.asesmen_id)) is not None:
        raise to_refusal([change], _way_of_changed(case, policy))


def _way_of_changed(case: Graduasi, policy: Policy) -> str:
    if case.postponed_from in DETERMINED:
        return "DETERMINED"
    if case.state is GraduasiState.PERNYATAAN_DITANDATANGANI:
        return "BEFORE_PROPOSAL"
    if case.state is not GraduasiState.DIKEMBALIKAN:
        return "UNDER_REVIEW" if policy.needs_score else "UNDER_REVIEW_WITHOUT_SCORE"
    return "RETURNED" if policy.needs_score else "RETURNED_WITHOUT_SCORE"


def to_proposed_event(case: Graduasi, exit_proposal_id: UUID | None = None) -> GraduasiProposed:
    """Return the event of a proposed case.

    `exit_proposal_id` is the exit proposal of caseload that opened it.
    """
    return GraduasiProposed.of(case, exit_proposal_id=exit_proposal_id)


async def _build_usul(
    session: AsyncSession,
    actor: Actor,
    case: Graduasi,
    policy: Policy,
    proposer: tuple[UUID, UUID],
    now: Moment,
) -> Usul:
    asesmen = await _read_asesmen(session, case)
    facts: dict[str, Any] = {}
    if policy.needs_score and (asesmen is None or asesmen.result is not AsesmenResult.SIAP):
        raise AssessmentNotReady
    if policy.needs_statement and case.pernyataan_id is None:
        raise StatementMissing
    if policy.needs_komponen_ended:
        facts = await _require_komponen_ended(session, case, policy, now.on)
    # A returned case is proposed again with the facts of its exit proposal.
    if policy.opened_by is OpenedBy.EXIT_PROPOSED and case.usul_id is not None:
        facts = (await session.get_one(Usul, case.usul_id)).facts
    return Usul(
        usul_id=uuid7(),
        graduasi_id=case.graduasi_id,
        asesmen_id=case.asesmen_id,
        pernyataan_id=case.pernyataan_id,
        policy_id=case.policy_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=asesmen.pendamping_id if asesmen else proposer[0],
        penugasan_id=asesmen.penugasan_id if asesmen else proposer[1],
        proposer_pendamping_id=proposer[0],
        proposer_penugasan_id=proposer[1],
        proposed_by=actor.person,
        proposed_on=now.on,
        facts=facts,
        at=now.at,
    )


# Fast path: three columns instead of a row of the ORM with all answers (bench: decisions).
ASESMEN = PreparedSelect(
    sa.select(Asesmen.result, Asesmen.pendamping_id, Asesmen.penugasan_id).where(
        Asesmen.asesmen_id == placeholder(1, sa.Uuid())
    )
)


async def _read_asesmen(session: AsyncSession, case: Graduasi) -> Any:
    rows = await ASESMEN.fetch(session, case.asesmen_id) if case.asesmen_id else []
    return rows[0] if rows else None


async def _require_komponen_ended(
    session: AsyncSession, case: Graduasi, policy: Policy, on: date
) -> dict[str, Any]:
    facts = await read_facts(session, case, policy, on)
    ends_on = facts["last_komponen_ends_on"]
    if ends_on is None or date.fromisoformat(ends_on) > on:
        raise KomponenNotEnded(on=on)
    return facts
