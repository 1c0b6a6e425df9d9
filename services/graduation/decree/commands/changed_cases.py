"""Hold approved cases whose facts have changed, instead of determining them (docs/case-lifecycle.md#current-facts)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.queries.facts import read_changes
from services.graduation.assessment.rules.changes import Change, hold_reason_of, to_sentences
from services.graduation.case.commands.transitions import Act, advance
from services.graduation.case.models import Graduasi, GraduasiState
from services.graduation.policy.models.policy import Policy
from services.graduation.tables import CaseReason


@dataclass(frozen=True, slots=True)
class HeldCase:
    """A case that an SK does not determine, and why."""

    graduasi_id: UUID
    changes: Sequence[Change]


async def hold_changed_cases(
    session: AsyncSession, cases: Sequence[tuple[Graduasi, Policy]], act: Act
) -> list[HeldCase]:
    """Move the locked cases whose facts have changed to DITUNDA, and return them.

    It is an act in no stage. The history has the changes as the reason.
    """
    changes = await read_changes(session, cases, act.moment.on)
    held_cases: list[HeldCase] = []
    for case, policy in cases:
        if case_changes := changes.get(case.graduasi_id):
            case.held_for = hold_reason = hold_reason_of(case_changes)
            reason, code = to_sentences(case_changes).id, CaseReason(hold_reason.value)
            postponement = replace(act, stage=None, reason=reason, evidence=None, code=code)
            await advance(session, [(case, policy)], [GraduasiState.DITUNDA], postponement)
            held_cases.append(HeldCase(case.graduasi_id, case_changes))
    return held_cases
