"""After a refusal, an expiry or a withdrawal: which program is the next best for the family, in words."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.queries import family_of, matches
from services.referral.matching.rules.matching import Match
from services.referral.offer.commands.draft import draft, offered_elsewhere
from services.referral.offer.commands.rematching import ask_refit
from services.referral.offer.errors import NothingToFollow
from services.referral.offer.models import NextBest
from services.referral.place.commands import Obstacle, obstacles
from services.referral.place.models import WaitingReason
from services.referral.program.models import Strength
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.errors import RujukanNotOpen
from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState
from services.referral.visibility import require_care
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.database import load
from shared.errors import NotFound, NotYetKnown

S = RujukanProgramState
FOLLOWED = frozenset({S.DITOLAK, S.KEDALUWARSA, S.DICABUT, S.DAFTAR_TUNGGU})
OBSTACLES = {
    WaitingReason.KUOTA_PENUH: ("its places here are all taken", "kuotanya di sini sudah penuh"),
    WaitingReason.TANPA_KUOTA: ("it has no places here", "tidak ada kuota di sini"),
    WaitingReason.PENERIMAAN_TUTUP: (
        "it takes no applications now",
        "penerimaan permohonannya sedang tutup",
    ),
}


async def next_best(session: AsyncSession, rujukan_id: UUID, after: UUID, actor: Actor) -> NextBest:
    """Return the program proposed after one that came to nothing; the first proposal stands.

    Raises:
        NotFound, FamilyNotAccompanied, RujukanNotOpen, NothingToFollow: that offer still has a way of its own. NotYetKnown
    """
    rujukan = await load(session, Rujukan, rujukan_id, noun="rujukan")
    await require_care(session, actor, rujukan.kpm_id)
    row = await session.get(RujukanProgram, after)
    if row is None or row.rujukan_id != rujukan_id:
        raise NotFound("rujukan", "/body/after_rujukan_program_id")
    if row.state not in FOLLOWED:
        raise NothingToFollow("/body/after_rujukan_program_id", state=row.state)
    if rujukan.state is not RujukanState.TERBUKA:
        raise RujukanNotOpen(state=rujukan.state)
    return await propose(session, rujukan, row, actor.sub)


async def propose(session: AsyncSession, rujukan: Rujukan, after: RujukanProgram, by: str) -> NextBest:
    """Propose once; where nothing was found, look again. The caller has locked the rujukan.

    Raises:
        NotYetKnown: caseload has not told of the family.
    """
    stands = await session.get(NextBest, after.rujukan_program_id)
    if stands is not None and stands.rujukan_program_id is not None:
        return stands
    today = await clock.today(session)
    family = await family_of(session, rujukan.kpm_id, today)
    if family is None:
        raise NotYetKnown("kpm")
    asked = await _others(session, rujukan.rujukan_id)
    waits = await obstacles(session, rujukan.kode_wilayah, today)
    elsewhere = await offered_elsewhere(session, rujukan)
    considered = [
        Candidate(found, asked.get(code := found.program.code), waits(code), after)
        for found in await matches(session, family)
        if found.program.code not in elsewhere
        and ((row := asked.get(found.program.code)) is None or row.state is S.DRAF)
    ]
    return await _record(session, rujukan, after, sorted(considered, key=Candidate.rank), Move(by, today, ""))


class Candidate:
    """A program that may follow, with its draft, if the family has one, and what would make it wait."""

    def __init__(
        self, match: Match, draft: RujukanProgram | None, waits: Obstacle | None, after: RujukanProgram
    ) -> None:
        self.match, self.draft, self.waits = match, draft, waits
        self.shared = sorted(set(match.program.benefit_kinds) & set(after.benefit_kinds))

    @property
    def follows(self) -> bool:
        """Whether it may be proposed: it fits, and gives something of what was sought."""
        return self.match.fits and bool(self.shared)

    def rank(self) -> tuple[object, ...]:
        """Best first: it can be had now, gives most of what was sought, keeps most soft rules, gives more rupiah."""
        soft = sum(not reason.fits for reason in self.match.reasons)
        program = self.match.program
        return (
            not self.follows,
            self.waits is not None,
            -len(self.shared),
            soft,
            -(program.amount_max_rp or 0),
            program.code,
        )

    def why(self, language: int) -> str:
        """Say why it may or may not follow, in English (0) or Indonesian (1)."""
        for reason in self.match.reasons:
            if not reason.fits and reason.strength is Strength.HARD:
                return (reason.en, reason.id)[language]
        if not self.shared:
            return ("gives nothing of what was sought", "tidak memberi manfaat yang dicari")[language]
        kinds, rules = ", ".join(self.shared), len(self.match.reasons)
        said = (
            f"fits by its {rules} rules and gives {kinds}",
            f"cocok menurut {rules} aturannya dan memberi {kinds}",
        )[language]
        if self.waits is None:
            return said
        return said + ("; but ", "; tetapi ")[language] + OBSTACLES[self.waits.reason][language]

    def as_json(self) -> dict[str, Any]:
        """The candidate as it is stored and shown."""
        return {
            "program_code": self.match.program.code,
            "revision": self.match.program.revision,
            "follows": self.follows,
            "waits": self.waits.reason if self.waits else None,
            "en": self.why(0),
            "id": self.why(1),
        }


async def _others(session: AsyncSession, rujukan_id: UUID) -> dict[str, RujukanProgram]:
    rows = await session.scalars(sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan_id))
    return {row.program_code: row for row in rows}


async def _record(
    session: AsyncSession,
    rujukan: Rujukan,
    after: RujukanProgram,
    considered: Sequence[Candidate],
    move: Move,
) -> NextBest:
    best = considered[0] if considered and considered[0].follows else None
    row = await _draft(session, rujukan, best, move) if best else None
    if row is None:
        await ask_refit(session, rujukan.rujukan_id)
    en, indonesian = sentences(after, best)
    proposal = NextBest(
        after_rujukan_program_id=after.rujukan_program_id,
        rujukan_id=rujukan.rujukan_id,
        rujukan_program_id=row.rujukan_program_id if row else None,
        considered=[candidate.as_json() for candidate in considered],
        en=en,
        id=indonesian,
        proposed_on=move.on,
        proposed_by=move.by,
    )
    proposal = await session.merge(proposal)
    await session.flush()
    return proposal


async def _draft(session: AsyncSession, rujukan: Rujukan, best: Candidate, move: Move) -> RujukanProgram:
    if best.draft is not None:
        return best.draft
    return await draft(session, rujukan, best.match, Move(move.by, move.on, "the next best"))


def sentences(after: RujukanProgram, best: Candidate | None) -> tuple[str, str]:
    """Say what was proposed after what, in English and in Indonesian."""
    ended = after.state + (f" ({after.refusal_code})" if after.state is S.DITOLAK else "")
    if best is None:
        return (
            f"After {after.program_code} {ended} no other program fits this family now.",
            f"Setelah {after.program_code} {ended} belum ada program lain yang cocok bagi keluarga ini.",
        )
    code = best.match.program.code
    return (
        f"After {after.program_code} {ended}, {code} is the next best: it {best.why(0)}.",
        f"Setelah {after.program_code} {ended}, {code} adalah pilihan berikutnya: {best.why(1)}.",
    )


async def propose_after(session: AsyncSession, rujukan_program_id: UUID) -> None:
    """Propose what follows a refusal or an expiry, unless the case is over; the worker's own act."""
    row = await session.get_one(RujukanProgram, rujukan_program_id)
    rujukan = await load(session, Rujukan, row.rujukan_id)
    if rujukan.state is RujukanState.TERBUKA and row.state in FOLLOWED:
        await propose(session, rujukan, row, SYSTEM)
