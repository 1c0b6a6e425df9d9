"""Propose the next best program after a refusal, an expiry or a withdrawal."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.commands import withdraw_offer
from services.referral.matching.queries import match_catalogue, require_family
from services.referral.matching.rules.matching import Match
from services.referral.offer.commands.draft import draft_offer, read_codes_offered_elsewhere
from services.referral.offer.commands.rematch import schedule_next_rematch
from services.referral.offer.errors import NextBestNotAllowed
from services.referral.offer.models import NextBest
from services.referral.place.commands import Obstacle, read_obstacles
from services.referral.place.models import WaitingReason
from services.referral.program.models import Strength
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.errors import RujukanNotOpen
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock
from shared.access import Actor
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load
from shared.errors import FamilyHasEnded, NotFound

S = RujukanProgramState
FOLLOWED_STATES = frozenset({S.DITOLAK, S.KEDALUWARSA, S.DICABUT, S.DAFTAR_TUNGGU})
OBSTACLE_SENTENCES = {
    WaitingReason.KUOTA_PENUH: ("its places here are all taken", "kuotanya di sini sudah penuh"),
    WaitingReason.TANPA_KUOTA: ("it has no places here", "tidak ada kuota di sini"),
    WaitingReason.PENERIMAAN_TUTUP: (
        "it takes no applications now",
        "penerimaan permohonannya sedang tutup",
    ),
}


async def propose_next_best(session: AsyncSession, rujukan_id: UUID, after: UUID, actor: Actor) -> NextBest:
    """Propose a program after one that came to nothing, or return the stored proposal.

    Raises:
        NotFound, FamilyNotAccompanied, RujukanNotOpen, NextBestNotAllowed: the former offer may still succeed, or has.
        NotYetKnown, FamilyHasEnded
    """
    rujukan = await load(session, Rujukan, rujukan_id, noun="rujukan")
    await require_family_access(session, actor, rujukan.kpm_id)
    row = await session.get(RujukanProgram, after)
    if row is None or row.rujukan_id != rujukan_id:
        raise NotFound("rujukan", "/body/after_rujukan_program_id")
    if row.state not in FOLLOWED_STATES:
        raise NextBestNotAllowed("/body/after_rujukan_program_id", state=row.state)
    if rujukan.state is not RujukanState.TERBUKA:
        raise RujukanNotOpen(state=rujukan.state)
    return await propose(session, rujukan, row, actor)


async def propose(session: AsyncSession, rujukan: Rujukan, after: RujukanProgram, actor: Actor) -> NextBest:
    """Propose once. If the stored proposal has no program, match again.

    The caller has locked the rujukan.

    Raises:
        NotYetKnown: the family is not in the replica yet.
        FamilyHasEnded
    """
    stored = await session.get(NextBest, after.rujukan_program_id)
    if stored is not None and stored.rujukan_program_id is not None:
        return stored
    today = await clock.today(session)
    family = await require_family(session, rujukan.kpm_id, today)
    offers = await _read_offers_by_code(session, rujukan.rujukan_id)
    obstacle_of = await read_obstacles(session, rujukan.kode_wilayah, today)
    elsewhere = await read_codes_offered_elsewhere(session, rujukan)
    considered = [
        Candidate(match, offers.get(code := match.program.code), obstacle_of(code), after)
        for match in await match_catalogue(session, family)
        if match.program.code not in elsewhere
        and ((row := offers.get(match.program.code)) is None or row.state is S.DRAF)
    ]
    move = Move(actor, today, MoveReason.PILIHAN_BERIKUTNYA)
    return await _store_proposal(session, rujukan, after, sorted(considered, key=Candidate.rank_key), move)


class Candidate:
    """A program that may follow, its draft if there is one, and its obstacle."""

    def __init__(
        self, match: Match, draft: RujukanProgram | None, obstacle: Obstacle | None, after: RujukanProgram
    ) -> None:
        self.match, self.draft, self.obstacle = match, draft, obstacle
        self.shared = sorted(set(match.program.benefit_kinds) & set(after.benefit_kinds))

    @property
    def follows(self) -> bool:
        """Whether it may be proposed: it fits, and shares a benefit with the former offer."""
        return self.match.fits and bool(self.shared)

    def rank_key(self) -> tuple[object, ...]:
        """Return the sort key of the candidate. The best one is lowest.

        Order: can be proposed, available now, most shared benefits, fewest failed soft rules, highest
        amount.
        """
        failed_soft = sum(not reason.fits for reason in self.match.reasons)
        program = self.match.program
        return (
            not self.follows,
            self.obstacle is not None,
            -len(self.shared),
            failed_soft,
            -(program.amount_max_rp or 0),
            program.code,
        )

    def explain(self, language: int) -> str:
        """Explain why it may or may not follow, in English (0) or Indonesian (1)."""
        for reason in self.match.reasons:
            if not reason.fits and reason.strength is Strength.HARD:
                return (reason.en, reason.id)[language]
        if not self.shared:
            return ("gives none of the benefits sought", "tidak memberi manfaat yang dicari")[language]
        kinds, rules = ", ".join(self.shared), len(self.match.reasons)
        sentence = (
            f"fits by its {rules} rules and gives {kinds}",
            f"cocok menurut {rules} aturannya dan memberi {kinds}",
        )[language]
        if self.obstacle is None:
            return sentence
        return (
            sentence + ("; but ", "; tetapi ")[language] + OBSTACLE_SENTENCES[self.obstacle.reason][language]
        )

    def as_json(self) -> dict[str, Any]:
        """Return the candidate as it is stored and returned."""
        return {
            "program_code": self.match.program.code,
            "revision": self.match.program.revision,
            "follows": self.follows,
            "waits": self.obstacle.reason if self.obstacle else None,
            "en": self.explain(0),
            "id": self.explain(1),
        }


async def _read_offers_by_code(session: AsyncSession, rujukan_id: UUID) -> dict[str, RujukanProgram]:
    offered = sa.select(RujukanProgram).where(
        RujukanProgram.rujukan_id == rujukan_id, RujukanProgram.lapsed_on.is_(None)
    )
    rows = await session.scalars(offered)
    return {row.program_code: row for row in rows}


async def _store_proposal(
    session: AsyncSession,
    rujukan: Rujukan,
    after: RujukanProgram,
    considered: Sequence[Candidate],
    move: Move,
) -> NextBest:
    best = considered[0] if considered and considered[0].follows else None
    row = await _draft_best(session, rujukan, best, move) if best else None
    if row is None:
        await schedule_next_rematch(session, rujukan.rujukan_id)
    en, indonesian = proposal_sentences(after, best)
    proposal = NextBest(
        after_rujukan_program_id=after.rujukan_program_id,
        rujukan_id=rujukan.rujukan_id,
        rujukan_program_id=row.rujukan_program_id if row else None,
        considered=[candidate.as_json() for candidate in considered],
        en=en,
        id=indonesian,
        proposed_on=move.on,
        proposed_by=move.actor.sub,
        drafted=row is not None and best is not None and best.draft is None,
    )
    proposal = await session.merge(proposal)
    await session.flush()
    return proposal


async def _draft_best(session: AsyncSession, rujukan: Rujukan, best: Candidate, move: Move) -> RujukanProgram:
    if best.draft is not None:
        return best.draft
    return await draft_offer(session, rujukan, best.match, move)


def proposal_sentences(after: RujukanProgram, best: Candidate | None) -> tuple[str, str]:
    """Return what was proposed after which offer, in English and in Indonesian."""
    ended = after.state + (f" ({after.refusal_code})" if after.state is S.DITOLAK else "")
    if best is None:
        return (
            f"After {after.program_code} {ended} no other program fits this family now.",
            f"Setelah {after.program_code} {ended} belum ada program lain yang cocok bagi keluarga ini.",
        )
    code = best.match.program.code
    return (
        f"After {after.program_code} {ended}, {code} is the next best: it {best.explain(0)}.",
        f"Setelah {after.program_code} {ended}, {code} adalah pilihan berikutnya: {best.explain(1)}.",
    )


async def propose_after(session: AsyncSession, rujukan_program_id: UUID) -> None:
    """Propose what follows a refusal or an expiry, unless rujukan or family has ended.

    After a correction or a late answer the proposal is withdrawn.
    """
    row = await session.get_one(RujukanProgram, rujukan_program_id)
    rujukan = await load(session, Rujukan, row.rujukan_id)
    if row.state not in FOLLOWED_STATES:
        await _withdraw_proposal(session, row)
    elif rujukan.state is RujukanState.TERBUKA:
        with suppress(FamilyHasEnded):
            await propose(session, rujukan, row, SYSTEM)


async def _withdraw_proposal(session: AsyncSession, after: RujukanProgram) -> None:
    """Withdraw the draft of a proposal if the family has not consented to it.

    A later refusal proposes again.
    """
    proposal = await session.get(NextBest, after.rujukan_program_id)
    if proposal is None or proposal.rujukan_program_id is None:
        return
    draft, today = (
        await load(session, RujukanProgram, proposal.rujukan_program_id),
        await clock.today(session),
    )
    if draft.state is not S.DRAF:
        return
    proposal.rujukan_program_id, proposal.drafted, was_drafted = None, False, proposal.drafted
    proposal.en = f"{after.program_code} is {after.state} after all; the proposal was taken back."
    proposal.id = f"{after.program_code} ternyata {after.state}; usulan program berikutnya dibatalkan."
    if was_drafted:
        draft.lapsed_on = today
        await withdraw_offer(session, draft, Move(SYSTEM, today, MoveReason.PENAWARAN_SEMULA_BERLAKU), today)
