"""Draft an offer: one program for one rujukan, in state DRAF."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.rules.matching import Match
from services.referral.rujukan.commands import Move, append_history
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, summarize_usaha
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import uuid7


async def draft_offer(session: AsyncSession, rujukan: Rujukan, match: Match, move: Move) -> RujukanProgram:
    """Store an offer in DRAF for a matched program, with its first history row."""
    row = _new_row(rujukan, match)
    session.add(row)
    await session.flush()
    append_history(session, row, None, move)
    return row


def _new_row(rujukan: Rujukan, match: Match) -> RujukanProgram:
    # The offer is pinned to its revision, with the reasons and the usaha that were judged.
    return RujukanProgram(
        rujukan_program_id=uuid7(),
        rujukan_id=rujukan.rujukan_id,
        program_id=match.program.program_id,
        partner_id=match.program.partner_id,
        graduasi_id=rujukan.graduasi_id,
        kpm_id=rujukan.kpm_id,
        kode_wilayah=rujukan.kode_wilayah,
        program_code=match.program.code,
        benefit_kinds=sorted(match.program.benefit_kinds),
        state=RujukanProgramState.DRAF,
        reasons=[reason.as_json() for reason in match.reasons],
        usaha=summarize_usaha(match.usaha),
        usaha_id=match.usaha and match.usaha.usaha_id,
        sent_on=None,
        sla_due_on=None,
        refusal_code=None,
        amount_rp=None,
        delivered_on=None,
        withdrawn_on=None,
        version=1,
    )


async def read_codes_offered_elsewhere(session: AsyncSession, rujukan: Rujukan) -> set[str]:
    """Return the codes of programs that another rujukan of the family has open.

    A program is not offered to a family twice at the same time.
    """
    statement = sa.select(RujukanProgram.program_code).where(
        RujukanProgram.kpm_id == rujukan.kpm_id,
        RujukanProgram.rujukan_id != rujukan.rujukan_id,
        RujukanProgram.state.not_in(ENDED),
    )
    return set(await session.scalars(statement))
