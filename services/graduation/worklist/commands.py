"""The acts on a case that its reader may do now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.commands.proposal import check_proposal, require_unchanged
from services.graduation.case import rules
from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.errors import CaseElsewhere, SamePersonTwice
from services.graduation.case.models import BEFORE_DITETAPKAN, Graduasi, GraduasiState, Stage
from services.graduation.case.queries import acted_in_other_stage, find_accompanied
from services.graduation.objection.commands.annulment import require_annullable_case
from services.graduation.objection.commands.back_pay import require_annulled_case
from services.graduation.objection.commands.sanggah import require_decidable
from services.graduation.objection.errors import CaseNotAnnulled
from services.graduation.objection.models.sanggah import Sanggah
from services.graduation.policy.models.policy import Policy
from services.graduation.review.commands import require_resumable
from services.graduation.review.models import StageAct
from services.graduation.review.rules import latest_stage
from services.graduation.visibility import visible_to
from shared.access import Actor, Permission, Scope
from shared.actions import Action, ActionView, ListedAction, ListedActions, list_actions
from shared.clock import Moment, moment_of
from shared.errors import NotFound

Rule = Callable[[Graduasi, Policy], object]


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case that an actor has read, with what its checks look at."""

    session: AsyncSession
    reader: Actor
    case: Graduasi
    policy: Policy
    now: Moment

    async def require_scope(self, actor: Actor) -> None:
        """Raise NotFound or CaseElsewhere unless the case is in the scope of the actor's permission."""
        case = self.case
        if not actor.covers(case.kode_wilayah):
            raise (
                CaseElsewhere(kode_wilayah=case.kode_wilayah)
                if actor.covers(case.opened_in)
                else NotFound("graduasi")
            )
        if actor.scope is Scope.OWN_FAMILIES and self.reader.scope is not Scope.OWN_FAMILIES:
            own = sa.select(Graduasi.graduasi_id).where(Graduasi.graduasi_id == case.graduasi_id)
            if await self.session.scalar(own.where(await visible_to(self.session, actor))) is None:
                raise NotFound("graduasi")

    async def require_dampingan(self, actor: Actor) -> None:
        """Raise what refuses an act of a pendamping who does not accompany the family."""
        case = self.case
        await require_dampingan(self.session, actor, case.kpm_id, case.kode_wilayah, self.now.on)

    async def require_person(self, actor: Actor, stage: Stage) -> None:
        """Raise SamePersonTwice or FamilyAccompaniedLately, as the act in the stage would."""
        acted = sa.select(acted_in_other_stage(self.case.graduasi_id, actor, stage, StageAct.four_people))
        if self.policy.four_people and await self.session.scalar(acted):
            raise SamePersonTwice
        if stage is not Stage.USUL:
            kpm_ids = [self.case.kpm_id]
            for refusal in (await find_accompanied(self.session, actor, kpm_ids, self.now.on)).values():
                raise refusal


def _by_official(rule: Rule, stage: Stage | None = None) -> Callable[[ReadCase, Actor], Awaitable[None]]:
    async def require(read: ReadCase, actor: Actor) -> None:
        await read.require_scope(actor)
        rule(read.case, read.policy)
        if stage is not None:
            await read.require_person(actor, stage)

    return require


def _by_pendamping(rule: Rule) -> Callable[[ReadCase, Actor], Awaitable[None]]:
    async def require(read: ReadCase, actor: Actor) -> None:
        await read.require_scope(actor)
        rule(read.case, read.policy)
        await read.require_dampingan(actor)
        await read.require_person(actor, Stage.USUL)

    return require


def _in_latest_stage(rule: Rule) -> Callable[[ReadCase, Actor], Awaitable[None]]:
    async def require(read: ReadCase, actor: Actor) -> None:
        await _by_official(rule, latest_stage(actor))(read, actor)

    return require


async def _propose(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    await check_proposal(read.session, actor, read.case, read.policy, read.now)
    await read.require_person(actor, Stage.USUL)


async def _approve(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    rules.require_approvable(read.case, read.policy)
    await require_unchanged(read.session, read.case, read.policy, read.now.on, area="case")
    await read.require_person(actor, Stage.PERSETUJUAN)


async def _determine(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    _determinable(read.case, read.policy)
    await read.require_person(actor, Stage.PENETAPAN)


async def _resume(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    await require_resumable(read.session, read.case, read.policy, read.now.on)


async def _cancel(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    if actor.scope is Scope.OWN_FAMILIES:
        await read.require_dampingan(actor)
    rules.require_cancellable(read.case, read.policy)


async def _lodge_sanggah(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    if actor.scope is Scope.OWN_FAMILIES:
        await read.require_dampingan(actor)
    _objectionable(read.case, read.policy)


async def _annul(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    await require_annullable_case(read.session, actor, read.case, read.now.on)


async def _correct_back_pay(read: ReadCase, actor: Actor) -> None:
    await read.require_scope(actor)
    await require_annulled_case(read.session, actor, read.case, read.now.on)


P = Permission
ACTIONS: tuple[Action[ReadCase], ...] = (
    Action("assess_graduasi", P.ASESMEN_RECORD, _by_pendamping(rules.require_assessable)),
    Action("sign_pernyataan", P.PERNYATAAN_RECORD, _by_pendamping(rules.require_signable)),
    Action("propose_graduasi", P.GRADUASI_PROPOSE, _propose),
    Action("verify_graduasi", P.GRADUASI_VERIFY, _by_official(rules.require_verifiable, Stage.VERIFIKASI)),
    Action(
        "deliberate_graduasi",
        P.GRADUASI_MUSYAWARAH,
        _by_official(rules.require_deliberable, Stage.MUSYAWARAH),
    ),
    Action("approve_graduasi", P.GRADUASI_APPROVE, _approve),
    Action("determine_graduasi", P.GRADUASI_DETERMINE, _determine, certain=False),
    Action("return_graduasi", P.GRADUASI_RETURN, _in_latest_stage(rules.require_returnable)),
    Action("refuse_graduasi", P.GRADUASI_REFUSE, _in_latest_stage(rules.require_refusable)),
    Action("postpone_graduasi", P.GRADUASI_POSTPONE, _by_official(rules.require_postponable)),
    Action("resume_graduasi", P.GRADUASI_POSTPONE, _resume),
    Action("cancel_graduasi", P.GRADUASI_CANCEL, _cancel),
    Action("lodge_sanggah", P.SANGGAH_LODGE, _lodge_sanggah, certain=False),
    Action("annul_graduasi", P.GRADUASI_ANNUL, _annul, certain=False),
    Action("correct_back_pay", P.GRADUASI_ANNUL, _correct_back_pay, certain=False),
)
"""The acts on a case, in the order of the process. Each is judged as its command would refuse it."""


async def list_case_actions(session: AsyncSession, reader: Actor, case: Graduasi) -> list[ActionView]:
    """Return what the reader of a case may do with it now."""
    policy = await session.get_one(Policy, case.policy_id)
    read = ReadCase(session, reader, case, policy, await moment_of(session))
    return await list_actions(reader, ACTIONS, read)


async def list_sanggah_actions(session: AsyncSession, reader: Actor, sanggah_id: UUID) -> list[ActionView]:
    """Return what the reader of a sanggah may do with it now."""
    sanggah = await session.get_one(Sanggah, sanggah_id)
    case = await session.get_one(Graduasi, sanggah.graduasi_id)
    policy = await session.get_one(Policy, case.policy_id)
    read = ReadCase(session, reader, case, policy, await moment_of(session))

    async def decide(read: ReadCase, actor: Actor) -> None:
        await read.require_scope(actor)
        await require_decidable(session, actor, case, sanggah)
        for refusal in (await find_accompanied(session, actor, [case.kpm_id], read.now.on)).values():
            raise refusal

    # Its outcome decides what else is checked.
    actions = [Action("decide_sanggah", P.SANGGAH_DECIDE, decide, certain=False)]
    return await list_actions(reader, actions, read)


ListedCase = tuple[Graduasi, Policy]


def _by_state(rule: Rule) -> Callable[[ListedCase], object]:
    return lambda listed: rule(*listed)


def _objectionable(case: Graduasi, _: Policy) -> None:
    # After the SK the date of the paper decides.
    if (case.postponed_from or case.state) in BEFORE_DITETAPKAN:
        case.require_transition(GraduasiState.DISANGGAH)


def _annullable(case: Graduasi, _: Policy) -> None:
    case.require_transition(GraduasiState.DIPULIHKAN)


def _annulled(case: Graduasi, _: Policy) -> None:
    if case.state is not GraduasiState.DIPULIHKAN:
        raise CaseNotAnnulled


def _determinable(case: Graduasi, _: Policy) -> None:
    rules.require_determinable(case, determined=False)


RULES: dict[str, Rule] = {
    "assess_graduasi": rules.require_assessable,
    "sign_pernyataan": rules.require_signable,
    "propose_graduasi": rules.require_proposable,
    "verify_graduasi": rules.require_verifiable,
    "deliberate_graduasi": rules.require_deliberable,
    "approve_graduasi": rules.require_approvable,
    "determine_graduasi": _determinable,
    "return_graduasi": rules.require_returnable,
    "refuse_graduasi": rules.require_refusable,
    "postpone_graduasi": rules.require_postponable,
    "resume_graduasi": rules.require_postponed,
    "cancel_graduasi": rules.require_cancellable,
    "lodge_sanggah": _objectionable,
    "annul_graduasi": _annullable,
    "correct_back_pay": _annulled,
}
"""What refuses each action for the state of a listed case."""
CERTAIN = frozenset({"postpone_graduasi", "cancel_graduasi"})
"""What nothing but the state refuses an official of the area."""
CERTAIN_WHILE_WAITING = CERTAIN | {"verify_graduasi", "deliberate_graduasi"}
"""Also what a list of `waiting=me` has checked the person for."""
SHOWN_STATE = ("exit_reason", "state", "assess_again")
"""What the rules look at, of the columns of a listed case."""
STATE_COLUMNS = ("postponed_from", "policy_id")
"""What the rules look at, besides the columns of a listed case."""


async def make_lister(
    session: AsyncSession, reader: Actor, *, waiting: bool
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the function that adds the actions to a listed case."""
    policies = {policy.policy_id: policy for policy in await session.scalars(sa.select(Policy))}
    certain = CERTAIN_WHILE_WAITING if waiting else CERTAIN
    actions = ListedActions(
        reader,
        [
            ListedAction(
                one.operation,
                one.permission,
                _by_state(RULES[one.operation]),
                certain=one.operation in certain,
            )
            for one in ACTIONS
        ],
    )

    # Fast path: most cases of a page are in one state (bench: worklists).
    @cache
    def judge(*state: Any) -> list[dict[str, Any]]:
        case = Graduasi(**dict(zip((*SHOWN_STATE, *STATE_COLUMNS), state, strict=True)))
        return actions.of((case, policies[case.policy_id]))

    def add(row: dict[str, Any]) -> dict[str, Any]:
        hidden = [row.pop(name) for name in STATE_COLUMNS]
        return row | {"actions": judge(*(row[name] for name in SHOWN_STATE), *hidden)}

    return add
