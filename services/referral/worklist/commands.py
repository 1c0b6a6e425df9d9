"""The acts on an offer that its reader may do now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.queries import require_consent
from services.referral.rujukan import rules
from services.referral.rujukan.models import Rujukan, RujukanProgram
from services.referral.visibility import require_family_access, visible_offers
from shared import clock
from shared.access import Actor, Permission
from shared.actions import Action, ActionView, list_actions
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class ReadOffer:
    """An offer that an actor has read, with its rujukan."""

    session: AsyncSession
    reader: Actor
    row: RujukanProgram
    rujukan: Rujukan

    async def require_scope(self, actor: Actor) -> None:
        """Raise what refuses an act on a family outside the scope of the actor's permission."""
        row = self.row
        if actor.scope is not self.reader.scope or actor.areas != self.reader.areas:
            visible = visible_offers(actor, await clock.today(self.session), None)
            own = sa.select(RujukanProgram.rujukan_program_id).where(visible)
            own = own.where(RujukanProgram.rujukan_program_id == row.rujukan_program_id)
            if await self.session.scalar(own) is None:
                raise NotFound("rujukan")
        await require_family_access(self.session, actor, row.kpm_id)


Rule = Callable[[RujukanProgram, Rujukan], object]


def _by(rule: Rule) -> Callable[[ReadOffer, Actor], Awaitable[None]]:
    async def require(read: ReadOffer, actor: Actor) -> None:
        await read.require_scope(actor)
        rule(read.row, read.rujukan)

    return require


async def _withdraw(read: ReadOffer, actor: Actor) -> None:
    await read.require_scope(actor)
    await require_consent(read.session, read.row)


async def _answer(read: ReadOffer, actor: Actor) -> None:
    await read.require_scope(actor)


P = Permission
# A partner's answers may also repeat, come late or correct: their content decides.
ACTIONS: tuple[Action[ReadOffer], ...] = (
    Action("give_consent", P.CONSENT_RECORD, _by(rules.require_consentable), certain=False),
    Action("withdraw_consent", P.CONSENT_WITHDRAW, _withdraw),
    Action("decline_offer", P.CONSENT_WITHDRAW, _by(rules.require_draft)),
    Action("renew_offer", P.CONSENT_WITHDRAW, _by(rules.require_renewable), certain=False),
    Action("supply_data", P.DATA_SUPPLY, _by(rules.require_asked), certain=False),
    Action("answer_rujukan", P.RUJUKAN_ANSWER, _answer, certain=False),
    Action("deliver_aid", P.DELIVERY_RECORD, _answer, certain=False),
    Action("record_outcome", P.OUTCOME_RECORD, _answer, certain=False),
)
"""The acts on an offer, in the order of the process. Each is judged as its command would refuse it."""


async def list_offer_actions(session: AsyncSession, reader: Actor, row: RujukanProgram) -> list[ActionView]:
    """Return what the reader of an offer may do with it now."""
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    return await list_actions(reader, ACTIONS, ReadOffer(session, reader, row, rujukan))
