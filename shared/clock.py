"""Business time.

Each service has a clock. In production it shows real time; in development a row moves it forward. Tokens,
leases, retries and `recorded_at` use real time (docs/architecture.md#time).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.dates import JAKARTA, day_of, latest_day_of
from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST, nothing
from shared.settings import Settings
from shared.transaction import context_of

FARTHEST = timedelta(days=366 * 50)


class ClockNotSettable(DomainError):
    """409: in production business time is real time."""

    en = "The business clock cannot be set here: it shows real time."
    id = "Jam layanan tidak dapat diatur di sini: jam ini menunjukkan waktu sebenarnya."
    remedy = nothing("Production runs on real time.", "Lingkungan produksi memakai waktu sebenarnya.")


class ClockSetBackward(DomainError):
    """409: the clock cannot be set back, because terms and tasks have passed already."""

    en = "The business clock shows {now} and only goes forward. Give a later instant."
    id = "Jam layanan menunjukkan {now} dan hanya dapat dimajukan. Isi waktu sesudahnya."
    remedy = CORRECT_REQUEST


@dataclass(frozen=True, slots=True)
class Moment:
    """Business time: an instant (UTC) and its date in Jakarta."""

    at: datetime
    on: date

    @property
    def latest_on(self) -> date:
        """Return the date in Papua (WIT), the latest day of an act."""
        return latest_day_of(self.at)


class Travel:
    """Whether this process may use another time than the real one. See `configure`."""

    allowed = False


def configure(settings: Settings) -> None:
    """Allow the clock to be set, in development.

    A process that does not call this uses real time.
    """
    Travel.allowed = not settings.production


async def now(session: AsyncSession) -> datetime:
    """Return the business time in UTC.

    In production no table is read.
    """
    real = datetime.now(UTC)
    return real + await read_offset(session) if Travel.allowed else real


async def today(session: AsyncSession) -> date:
    """Return the business date in Jakarta, which SK, terms and calendars use."""
    return day_of(await now(session))


async def latest_today(session: AsyncSession) -> date:
    """Return the business date in Papua (WIT), the latest day of an act."""
    return latest_day_of(await now(session))


async def moment_of(session: AsyncSession) -> Moment:
    """Return the business instant and its date in Jakarta."""
    at = await now(session)
    return Moment(at, day_of(at))


async def set_to(session: AsyncSession, instant: datetime) -> datetime:
    """Move the clock forward to an aware instant and return it.

    Before its first event a service may also set it to the past, so that a scenario can have its own year.

    Raises:
        ClockNotSettable, ClockSetBackward
    """
    if not Travel.allowed:
        raise ClockNotSettable
    await lock_clock(session)
    shown = await now(session)
    has_events = await session.scalar(select(exists(select(schema.outbox.c.outbox_id))))
    if (instant < shown and has_events) or instant > shown + FARTHEST:
        raise ClockSetBackward(now=shown.astimezone(JAKARTA))
    # Rounded up, so that a clock that is set to an instant never shows an earlier one.
    seconds = -int((datetime.now(UTC) - instant) // timedelta(seconds=1))
    row = update(schema.business_clock).values(offset_seconds=seconds, set_at=datetime.now(UTC))
    await session.execute(row)
    return await now(session)


async def advance(session: AsyncSession, by: timedelta) -> datetime:
    """Move the clock forward by a duration and return the new time.

    Two concurrent calls both count.
    """
    await lock_clock(session)
    return await set_to(session, await now(session) + by)


async def read_offset(session: AsyncSession) -> timedelta:
    """Return how far the development clock is ahead of real time."""
    seconds = context_of(session).clock_offset
    if seconds is None:
        seconds = await session.scalar(select(schema.business_clock.c.offset_seconds))
    return timedelta(seconds=seconds or 0)


async def lock_clock(session: AsyncSession) -> None:
    """Lock the clock for this transaction, so that two requests cannot turn it back."""
    context_of(session).clock_offset = None
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('pilar business clock'))"))
