"""When an act on a case is possible."""

from services.graduation.assessment.errors import CaseNotScored, NewAssessmentMissing
from services.graduation.case.errors import ADVICE, NEXT_ACTS
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.decree.errors import CaseAlreadyInSk, CasesNotApproved
from services.graduation.policy.models.policy import Policy
from services.graduation.review.errors import CaseNotPostponed, MusyawarahMissing, MusyawarahNotRequired
from shared.errors import IllegalTransition

S = GraduasiState


def require_assessable(case: Graduasi, policy: Policy) -> None:
    """Raise CaseNotScored or IllegalTransition unless the family may be assessed."""
    if not policy.needs_score:
        raise CaseNotScored(exit_reason=case.exit_reason, what="asesmen")
    case.require_transition(S.DIASESMEN)


def require_signable(case: Graduasi, policy: Policy) -> None:
    """Raise CaseNotScored or IllegalTransition unless a statement may be signed."""
    if not policy.needs_statement:
        raise CaseNotScored(exit_reason=case.exit_reason, what="pernyataan")
    case.require_transition(S.PERNYATAAN_DITANDATANGANI)


def require_proposable(case: Graduasi, policy: Policy) -> None:
    """Raise IllegalTransition or NewAssessmentMissing unless the exit may be proposed."""
    case.require_transition(S.DIUSULKAN)
    # TERIDENTIFIKASI leads to DIUSULKAN only if the policy requires no score.
    if policy.needs_score and case.state is S.TERIDENTIFIKASI:
        raise IllegalTransition(
            "case",
            current=case.state,
            target=S.DIUSULKAN,
            remedy=NEXT_ACTS["BELUM_SIAP"],
            advice=ADVICE.of(case.state, S.DIUSULKAN),
        )
    if case.assess_again:
        raise NewAssessmentMissing


def require_verifiable(case: Graduasi, _: Policy) -> None:
    """Raise IllegalTransition unless the case may be verified."""
    case.require_transition(S.DIVERIFIKASI_KETIM)


def require_deliberable(case: Graduasi, policy: Policy) -> None:
    """Raise MusyawarahNotRequired or IllegalTransition unless the village may deliberate."""
    if Stage.MUSYAWARAH not in policy.stages:
        raise MusyawarahNotRequired(exit_reason=case.exit_reason)
    case.require_transition(S.DIMUSYAWARAHKAN)


def require_approvable(case: Graduasi, policy: Policy) -> None:
    """Raise MusyawarahMissing or IllegalTransition unless Dinsos may approve."""
    if case.state is S.DIVERIFIKASI_KETIM and Stage.MUSYAWARAH in policy.stages:
        raise MusyawarahMissing
    case.require_transition(S.DISETUJUI_DINSOS)


def require_determinable(case: Graduasi, *, determined: bool) -> None:
    """Raise CaseAlreadyInSk or CasesNotApproved unless an SK may determine the case."""
    if determined:
        raise CaseAlreadyInSk
    if case.state is not S.DISETUJUI_DINSOS:
        raise CasesNotApproved(ids=[case.graduasi_id], state=case.state)


def require_returnable(case: Graduasi, _: Policy) -> None:
    """Raise IllegalTransition unless the case may be returned."""
    case.require_transition(S.DIKEMBALIKAN)


def require_refusable(case: Graduasi, _: Policy) -> None:
    """Raise IllegalTransition unless the case may be refused."""
    case.require_transition(S.DITOLAK)


def require_postponable(case: Graduasi, _: Policy) -> None:
    """Raise IllegalTransition unless the case may be postponed."""
    case.require_transition(S.DITUNDA)


def require_cancellable(case: Graduasi, _: Policy) -> None:
    """Raise IllegalTransition unless the case may be cancelled."""
    case.require_transition(S.DIBATALKAN)


def require_postponed(case: Graduasi, _: Policy) -> GraduasiState:
    """Return the state in which a postponed case is resumed, or raise CaseNotPostponed."""
    if case.postponed_from is None:
        raise CaseNotPostponed(state=case.state, remedy=NEXT_ACTS[case.state])
    return case.postponed_from
