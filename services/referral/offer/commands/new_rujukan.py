"""Show offers to a family, and open the rujukan of a graduation."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.queries import match_catalogue, require_family
from services.referral.matching.rules.matching import Family, Match
from services.referral.offer.commands.draft import draft_offer, read_codes_offered_elsewhere
from services.referral.offer.commands.rematch import schedule_next_rematch
from services.referral.offer.models import OfferShown
from services.referral.place.commands import Obstacle, read_obstacles
from services.referral.replicas.models import Kpm
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.models import Rujukan, RujukanState
from services.referral.rujukan.queries import lock_all_rujukan
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock
from shared.access import Actor
from shared.contracts.graduation import GraduasiDetermined
from shared.contracts.referral import RujukanOpened
from shared.contracts.rujukan_kinds import RujukanPurpose
from shared.database import uuid7, write_once
from shared.errors import FamilyHasEnded, NotYetKnown
from shared.jobs import schedule
from shared.messaging import emit

MATCH_RUJUKAN = "rujukan.match"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)


async def show_offers(session: AsyncSession, kpm_id: UUID, actor: Actor) -> OfferShown:
    """Return the offers to the family today, with the reason of each rule.

    The list is stored by its hash.

    Raises:
        NotYetKnown: the family is not known here, or not in the caller's scope. FamilyNotAccompanied,
            FamilyHasEnded, PendampingInactive
    """
    today = await clock.today(session)
    await require_family_access(session, actor, kpm_id, "/query/kpm_id")
    family = await require_family(session, kpm_id, today, "/query/kpm_id")
    obstacle_of = await read_obstacles(session, family.kpm.kode_wilayah, today)
    offers = [
        to_offer(match, obstacle_of(match.program.code)) for match in await match_catalogue(session, family)
    ]
    shown: dict[str, Any] = {
        "sha256": hash_offers(kpm_id, offers),
        "kpm_id": kpm_id,
        "kode_wilayah": family.kpm.kode_wilayah,
        "shown_on": today,
        "offers": offers,
    }
    await write_once(session, OfferShown, shown)
    return OfferShown(**shown)


def to_offer(match: Match, obstacle: Obstacle | None) -> dict[str, Any]:
    """Return a program as a family is shown it.

    `waits` is what the family would wait for if it agreed today.
    """
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
        "waits": obstacle.reason if obstacle else None,
        "reasons": [reason.as_json() for reason in match.reasons],
    }


def hash_offers(kpm_id: UUID, offers: list[dict[str, Any]]) -> str:
    """Return the SHA-256 of a family's offers.

    It covers `kpm_id` and the offers as JSON with sorted keys and no spaces, in UTF-8.
    """
    canonical = orjson.dumps({"kpm_id": str(kpm_id), "offers": offers}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()


async def open_rujukan(session: AsyncSession, event: GraduasiDetermined) -> None:
    """Open the rujukan of a graduation once, if its exit reason opens one.

    An event that is emitted again has the number and date of a corrected SK.
    """
    if not event.opens_rujukan:
        return
    current_area = await session.scalar(sa.select(Kpm.kode_wilayah).where(Kpm.kpm_id == event.kpm_id))
    case = _case(event) | ({"kode_wilayah": current_area} if current_area else {})
    if await write_once(session, Rujukan, case | {"opened_on": await clock.today(session)}):
        rujukan = await session.get_one(Rujukan, case["rujukan_id"])
        emit(session, RujukanOpened.of(rujukan))
        await match_rujukan(session, rujukan)
        return
    for rujukan in await lock_all_rujukan(session, event.graduasi_id):
        rujukan.sk_no, rujukan.sk_on = event.sk_no, event.sk_on


def _case(event: GraduasiDetermined) -> dict[str, Any]:
    names = ("graduasi_id", "kpm_id", "kode_wilayah", "bansos", "exit_reason", "sk_no", "sk_on")
    return {
        **{name: getattr(event, name) for name in names},
        "rujukan_id": uuid7(),
        "purpose": RujukanPurpose.PASCAGRADUASI,
        "state": RujukanState.TERBUKA,
        "paused": False,
        "matched": False,
        "offers_sha256": event.statement_offers_sha256,
        "version": 1,
    }


async def match_rujukan(session: AsyncSession, rujukan: Rujukan, *, attempt: int = 0) -> None:
    """Draft one offer for each program that fits.

    While the family is not in the replica, or the replica is behind the reaction, matching is scheduled again with
    backoff. A family that has ended is matched when its end is undone.
    """
    if rujukan.matched or rujukan.state is not RujukanState.TERBUKA:
        return
    today = await clock.today(session)
    try:
        family = await require_family(session, rujukan.kpm_id, today)
    except NotYetKnown:
        await _schedule_matching(session, rujukan.rujukan_id, attempt)
        return
    except FamilyHasEnded:
        rujukan.matched = True
        return
    # The reaction may have read a move before the rujukan opened.
    if rujukan.kode_wilayah != family.kpm.kode_wilayah:
        rujukan.kode_wilayah, rujukan.version = family.kpm.kode_wilayah, rujukan.version + 1
    await _draft_fitting(session, rujukan, family)
    rujukan.matched = True


async def _draft_fitting(session: AsyncSession, rujukan: Rujukan, family: Family) -> None:
    elsewhere = await read_codes_offered_elsewhere(session, rujukan)
    fitting = [match for match in await match_catalogue(session, family) if match.fits]
    new = [match for match in fitting if match.program.code not in elsewhere]
    if not new:
        await schedule_next_rematch(session, rujukan.rujukan_id)
    for match in new:
        await draft_offer(session, rujukan, match, Move(SYSTEM, family.on, MoveReason.DICOCOKKAN))


async def _schedule_matching(session: AsyncSession, rujukan_id: UUID, attempt: int) -> None:
    due_at = datetime.now(UTC) + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt, 20))
    payload = {"attempt": attempt + 1}
    await schedule(session, MATCH_RUJUKAN, due_at, subject_id=rujukan_id, clock="real", payload=payload)
