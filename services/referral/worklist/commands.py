"""The acts on offers that their reader may do now."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.errors import ConsentMissing
from services.referral.rujukan import rules
from services.referral.rujukan.models import Rujukan, RujukanProgram
from services.referral.rujukan.rules import CorrectionTerm, OfferState
from services.referral.visibility import require_family_access, visible_to
from services.referral.worklist.queries import STATE_COLUMNS, select_states
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.actions import Action, ActionView, ListedAction, ListedActions, list_actions
from shared.errors import DomainError, NotFound


@dataclass(frozen=True, slots=True)
class FamilyScope:
    """Whether a family is in the scope of the reader's permissions, read once for each."""

    session: AsyncSession
    reader: Actor
    rujukan: Rujukan
    refusals: dict[tuple[Scope, tuple[str, ...]], DomainError | None] = field(
        default_factory=dict[tuple[Scope, tuple[str, ...]], DomainError | None]
    )

    async def require(self, actor: Actor) -> None:
        """Raise what refuses an act on a family outside the scope of the actor's permission."""
        key = (actor.scope, actor.areas)
        if key not in self.refusals:
            self.refusals[key] = await self._find_refusal(actor)
        if (refusal := self.refusals[key]) is not None:
            raise refusal

    async def _find_refusal(self, actor: Actor) -> DomainError | None:
        if actor.scope is not self.reader.scope or actor.areas != self.reader.areas:
            visible = visible_to(actor, await clock.today(self.session), None)
            own = sa.select(RujukanProgram.rujukan_program_id).where(visible)
            own = own.where(RujukanProgram.rujukan_id == self.rujukan.rujukan_id)
            if await self.session.scalar(own.limit(1)) is None:
                return NotFound("rujukan")
        try:
            await require_family_access(self.session, actor, self.rujukan.kpm_id)
        except DomainError as refusal:
            return refusal
        return None


@dataclass(frozen=True, slots=True)
class ReadOffer:
    """An offer that an actor has read."""

    scope: FamilyScope
    offer: OfferState


def _require_consent(offer: OfferState) -> None:
    if not offer.in_force:
        raise ConsentMissing


def _allow(_: OfferState) -> None:
    pass


P = Permission
# A partner's answers may also repeat, come late or correct: their content decides.
LISTED: tuple[ListedAction[OfferState], ...] = (
    ListedAction(
        "give_consent",
        P.CONSENT_RECORD,
        lambda offer: rules.require_consentable(offer, offer.rujukan_state),
        certain=False,
    ),
    ListedAction("withdraw_consent", P.CONSENT_WITHDRAW, _require_consent),
    ListedAction("decline_offer", P.CONSENT_WITHDRAW, rules.require_draft),
    ListedAction(
        "renew_offer",
        P.CONSENT_WITHDRAW,
        lambda offer: rules.require_renewable(offer, offer.rujukan_state),
        certain=False,
    ),
    ListedAction("supply_data", P.DATA_SUPPLY, rules.require_asked, certain=False),
    ListedAction("answer_rujukan", P.RUJUKAN_ANSWER, _allow, certain=False),
    ListedAction("correct_answer", P.RUJUKAN_ANSWER, rules.require_answered, certain=False),
    ListedAction("deliver_aid", P.DELIVERY_RECORD, rules.require_deliverable, certain=False),
    ListedAction("correct_delivery", P.DELIVERY_RECORD, rules.require_delivery_correctable, certain=False),
    ListedAction("void_delivery", P.DELIVERY_RECORD, rules.require_delivery_correctable, certain=False),
    ListedAction("record_outcome", P.OUTCOME_RECORD, rules.require_outcomes_asked, certain=False),
    ListedAction("correct_outcome", P.OUTCOME_RECORD, rules.require_outcome_correctable, certain=False),
    ListedAction("void_outcome", P.OUTCOME_RECORD, rules.require_outcome_correctable, certain=False),
)
"""The acts on an offer, in the order of the process. Each is judged as its command would refuse it."""


def _in_scope(rule: Callable[[OfferState], object]) -> Callable[[ReadOffer, Actor], Awaitable[None]]:
    async def require(read: ReadOffer, actor: Actor) -> None:
        await read.scope.require(actor)
        rule(read.offer)

    return require


ACTIONS = tuple(
    Action(one.operation, one.permission, _in_scope(one.rule), certain=one.certain) for one in LISTED
)


async def list_offer_actions(
    session: AsyncSession, reader: Actor, rujukan_id: UUID, offers: Sequence[Mapping[str, Any]]
) -> list[list[ActionView]]:
    """Return for each offer of a rujukan what its reader may do with it now."""
    rujukan = await session.get_one(Rujukan, rujukan_id)
    scope = FamilyScope(session, reader, rujukan)
    statement = select_states([offer["rujukan_program_id"] for offer in offers])
    columns = {row.rujukan_program_id: row._asdict() for row in await session.execute(statement)}
    today = await clock.today(session)
    states = [_to_state(offer, columns[offer["rujukan_program_id"]], today) for offer in offers]
    return [await list_actions(reader, ACTIONS, ReadOffer(scope, state)) for state in states]


def _to_state(shown: Mapping[str, Any], columns: Mapping[str, Any], today: date) -> OfferState:
    return OfferState(
        **{name: shown[name] for name in ("state", "delivered_on", "withdrawn_on")},
        **{name: columns[name] for name in ("lapsed_on", "rujukan_state", "in_force")},
        delivery_term=_to_term(columns["delivery_term"]),
        outcome_term=_to_term(columns["outcome_term"]),
        today=today,
    )


def _to_term(days: Sequence[date] | None) -> CorrectionTerm | None:
    return CorrectionTerm(*days) if days is not None else None


def make_lister(reader: Actor, today: date) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the function that adds the actions to a listed offer."""
    actions = ListedActions(reader, LISTED)

    def add(row: dict[str, Any]) -> dict[str, Any]:
        columns = {column.name: row.pop(column.name) for column in STATE_COLUMNS}
        return row | {"actions": actions.of(_to_state(row, columns, today))}

    return add
