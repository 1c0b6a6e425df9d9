"""Business time: one clock per service. In production it is the real one; in development a row moves it forward.

Tokens, leases, retries and `recorded_at` use real time and never ask here (chain.md 3).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.dates import JAKARTA, day_of
from shared.errors import DomainError
from shared.settings import Settings
from shared.transaction import context_of

FARTHEST = timedelta(days=366 * 50)


class ClockStandsFixed(DomainError):
    """409: this is production, where business time is real time."""

    en = "The business clock cannot be set here: it shows real time."
    id = "Jam layanan tidak dapat diatur di sini: jam ini menunjukkan waktu sebenarnya."


class ClockOnlyGoesForward(DomainError):
    """409: terms and due work that have passed cannot un-happen."""

    en = "The business clock shows {now} and only goes forward."
    id = "Jam layanan menunjukkan {now} dan hanya dapat dimajukan."


@dataclass(frozen=True, slots=True)
class Moment:
    """Business time: an instant (UTC) and its date in Jakarta."""

    at: datetime
    on: date


class Travel:
    """Whether this process may leave real time; never unless `configure` was told so."""

    allowed = False


def configure(settings: Settings) -> None:
    """Let the clock travel in development. A process that never calls this reads real time only."""
    Travel.allowed = not settings.production


async def now(session: AsyncSession) -> datetime:
    """Return the business time, aware, in UTC. In production it asks no table."""
    real = datetime.now(UTC)
    return real + await offset(session) if Travel.allowed else real


async def today(session: AsyncSession) -> date:
    """Return the business date in Jakarta, the date that SK, terms and calendars mean."""
    return day_of(await now(session))


async def moment_of(session: AsyncSession) -> Moment:
    """Return the business instant and its date in Jakarta."""
    at = await now(session)
    return Moment(at, day_of(at))


async def set_to(session: AsyncSession, instant: datetime) -> datetime:
    """Move the clock forward to an aware instant and return it; raise ClockOnlyGoesForward, ClockStandsFixed.

    Before the service has told its first event it may also begin in the past: a scenario has its own year.
    """
    if not Travel.allowed:
        raise ClockStandsFixed
    await hold(session)
    shown = await now(session)
    begun = await session.scalar(select(exists().select_from(schema.outbox)))
    if (instant < shown and begun) or instant > shown + FARTHEST:
        raise ClockOnlyGoesForward(now=shown.astimezone(JAKARTA).isoformat(timespec="seconds"))
    # Rounded up: a clock set to an instant never shows an earlier one.
    seconds = -int((datetime.now(UTC) - instant) // timedelta(seconds=1))
    row = update(schema.business_clock).values(offset_seconds=seconds, set_at=datetime.now(UTC))
    await session.execute(row)
    return await now(session)


async def advance(session: AsyncSession, by: timedelta) -> datetime:
    """Move the clock forward by a duration and return what it shows; two who do so at once both do."""
    await hold(session)
    return await set_to(session, await now(session) + by)


async def offset(session: AsyncSession) -> timedelta:
    """Return how far the development clock is ahead of real time; a session of `Database` read it when it began."""
    seconds = context_of(session).clock_offset
    if seconds is None:
        seconds = await session.scalar(select(schema.business_clock.c.offset_seconds))
    return timedelta(seconds=seconds or 0)


async def hold(session: AsyncSession) -> None:
    """Keep the clock to this transaction: two who set it at once must not turn it back between them."""
    context_of(session).clock_offset = None
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('pilar business clock'))"))
