"""Lists of offers for a family, and the rujukan that a graduation opens."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.queries import family_of, matches
from services.referral.matching.rules.matching import Match
from services.referral.offer.commands.draft import draft, offered_elsewhere
from services.referral.offer.commands.rematching import ask_refit
from services.referral.offer.models import OfferShown
from services.referral.place.commands import Obstacle, obstacles
from services.referral.replicas.models import Kpm
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.models import Rujukan, RujukanState
from services.referral.visibility import require_care
from shared import clock
from shared.access import Actor
from shared.contracts.graduation import GraduasiDetermined
from shared.contracts.kinds import RujukanPurpose
from shared.contracts.referral import RujukanOpened
from shared.database import uuid7, write_once
from shared.errors import NotYetKnown
from shared.jobs import schedule
from shared.messaging import emit

MATCHING = "rujukan.match"
ASK_AGAIN, AT_MOST = timedelta(seconds=1), timedelta(minutes=5)


async def show_offers(session: AsyncSession, kpm_id: UUID, actor: Actor) -> OfferShown:
    """Return what the family would be offered today, each rule with its reason; the list shown is kept by its hash.

    Raises:
        NotYetKnown: the family is not known here, or not in the caller's scope. FamilyNotAccompanied, PendampingInactive
    """
    today = await clock.today(session)
    await require_care(session, actor, kpm_id, "/query/kpm_id")
    family = await family_of(session, kpm_id, today)
    if family is None:
        raise NotYetKnown("kpm", "/query/kpm_id")
    waits = await obstacles(session, family.kpm.kode_wilayah, today)
    offers = [offer(match, waits(match.program.code)) for match in await matches(session, family)]
    shown: dict[str, Any] = {
        "sha256": fingerprint(kpm_id, offers),
        "kpm_id": kpm_id,
        "kode_wilayah": family.kpm.kode_wilayah,
        "shown_on": today,
        "offers": offers,
    }
    await write_once(session, OfferShown, shown)
    return OfferShown(**shown)


def offer(match: Match, waits: Obstacle | None) -> dict[str, Any]:
    """Return a program as a family is shown it, and what it would wait for if it agreed today."""
    program = match.program
    return {
        "program_code": program.code,
        "revision": program.revision,
        "name": program.name,
        "benefit_kinds": sorted(program.benefit_kinds),
        "amount_min_rp": program.amount_min_rp,
        "amount_max_rp": program.amount_max_rp,
        "required_documents": program.required_documents,
        "fits": match.fits,
        "waits": waits.reason if waits else None,
        "reasons": [reason.as_json() for reason in match.reasons],
    }


def fingerprint(kpm_id: UUID, offers: list[dict[str, Any]]) -> str:
    """Return the SHA-256 of the list in its canonical form: JSON with sorted keys and no spaces, UTF-8."""
    canonical = orjson.dumps({"kpm_id": str(kpm_id), "offers": offers}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()


async def open_rujukan(session: AsyncSession, event: GraduasiDetermined) -> None:
    """Open the one rujukan of this graduation, if its exit reason opens one; told again, nothing happens."""
    if not event.opens_rujukan:
        return
    lives_in = await session.scalar(sa.select(Kpm.kode_wilayah).where(Kpm.kpm_id == event.kpm_id))
    case = _case(event) | ({"kode_wilayah": lives_in} if lives_in else {})
    if await write_once(session, Rujukan, case | {"opened_on": await clock.today(session)}):
        opened = await session.get_one(Rujukan, case["rujukan_id"])
        emit(session, RujukanOpened.of(opened))
        await match_rujukan(session, opened)


def _case(event: GraduasiDetermined) -> dict[str, Any]:
    taken = ("graduasi_id", "kpm_id", "kode_wilayah", "bansos", "exit_reason", "sk_no", "sk_on")
    return {
        **{name: getattr(event, name) for name in taken},
        "rujukan_id": uuid7(),
        "purpose": RujukanPurpose.PASCAGRADUASI,
        "state": RujukanState.TERBUKA,
        "paused": False,
        "matched": False,
        "offers_sha256": event.statement_offers_sha256,
        "version": 1,
    }


async def match_rujukan(session: AsyncSession, rujukan: Rujukan, *, attempt: int = 0) -> None:
    """Draft one offer for each program that fits; asked again, later each time, while the family is unknown."""
    if rujukan.matched or rujukan.state is not RujukanState.TERBUKA:
        return
    today = await clock.today(session)
    family = await family_of(session, rujukan.kpm_id, today)
    if family is None:
        await _ask_again(session, rujukan.rujukan_id, attempt)
        return
    elsewhere = await offered_elsewhere(session, rujukan)
    fitting = [match for match in await matches(session, family) if match.fits]
    found = [match for match in fitting if match.program.code not in elsewhere]
    if not found:
        await ask_refit(session, rujukan.rujukan_id)
    for match in found:
        await draft(session, rujukan, match, Move(SYSTEM, today, "matched"))
    rujukan.matched = True


async def _ask_again(session: AsyncSession, rujukan_id: UUID, attempt: int) -> None:
    due_at = datetime.now(UTC) + min(AT_MOST, ASK_AGAIN * 2 ** min(attempt, 20))
    payload = {"attempt": attempt + 1}
    await schedule(session, MATCHING, due_at, subject_id=rujukan_id, clock="real", payload=payload)
