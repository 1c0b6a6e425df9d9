"""Decline a draft, and make a declined or withdrawn offer again."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.errors import ProgramNoLongerFits
from services.referral.matching.queries import require_current_fit
from services.referral.offer.commands.draft import draft_offer, read_codes_offered_elsewhere
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState
from services.referral.rujukan.rules import require_draft, require_renewable
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock
from shared.access import Actor
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.errors import NotFound
from shared.words import Words

S = RujukanProgramState
ELSEWHERE = Words("another rujukan of the family offers it", "rujukan lain keluarga ini sudah menawarkannya")


async def decline_offer(session: AsyncSession, rujukan_program_id: UUID, actor: Actor) -> RujukanProgram:
    """Record that the family does not want a program that was drafted for it.

    Nothing is emitted, because no other service has a draft.

    Raises:
        NotFound, FamilyNotAccompanied, OfferNotDraft, OfferHasEnded
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id)
    require_draft(row)
    move = Move(actor, await clock.today(session), MoveReason.DITOLAK_KELUARGA)
    await move_rujukan_program(session, row, S.DICABUT, move)
    return row


async def renew_offer(session: AsyncSession, rujukan_program_id: UUID, actor: Actor) -> RujukanProgram:
    """Draft the program of a withdrawn offer again, by its revision in force.

    A rujukan that was closed meanwhile is opened again. The former offer stays withdrawn.

    Raises:
        NotFound, FamilyNotAccompanied, OfferNotWithdrawn, RujukanNotOpen, ProgramNoLongerFits, FamilyHasEnded,
        NotYetKnown
    """
    seen = await session.get(RujukanProgram, rujukan_program_id)
    if seen is None:
        raise NotFound("rujukan")
    rujukan = await load(session, Rujukan, seen.rujukan_id)  # before the offer, as in matching
    row = await load(session, RujukanProgram, rujukan_program_id)
    await require_family_access(session, actor, row.kpm_id)
    require_renewable(row, rujukan.state)
    today = await clock.today(session)
    fit = await require_current_fit(session, row, today)
    if row.program_code in await read_codes_offered_elsewhere(session, rujukan):
        raise ProgramNoLongerFits(code=row.program_code, why=ELSEWHERE)
    if rujukan.state is RujukanState.TUTUP:
        rujukan.move_to(RujukanState.TERBUKA)
    row.lapsed_on = today  # frees the program for a new offer
    await session.flush()
    return await draft_offer(session, rujukan, fit, Move(actor, today, MoveReason.DITAWARKAN_LAGI))
