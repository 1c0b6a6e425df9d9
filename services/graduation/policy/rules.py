"""Rules for exemptions, and for the dates of terms and tahap."""

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.policy.errors import TahapNotPlanned
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.models.instrument import ExemptIf, ExemptMember, InstrumentTerms
from services.graduation.policy.models.policy import Policy, TermUnit
from shared.dates import months_after
from shared.words import Words


def term_ends_on(policy: Policy, announced_on: date) -> date:
    """Return the last day of the term, on which a sanggah may still be lodged."""
    if policy.sanggah_unit is TermUnit.DAY:
        return announced_on + timedelta(days=policy.sanggah_length)
    return months_after(announced_on, policy.sanggah_length)


def term_settled_on(term_ends_on: date) -> date:
    """Return the day after the term: then an exit without objection is settled."""
    return term_ends_on + timedelta(days=1)


def find_exemption(terms: InstrumentTerms, able: int, lansia: int, disabilitas: int) -> list[Words]:
    """Return the grounds that exempt a family, as parts of a sentence."""
    grounds: list[Words | None] = []
    if terms.exempt_below_able:
        below = Words(
            f"the family has {able} able members of working age, fewer than {terms.exempt_below_able}",
            f"keluarga memiliki {able} anggota produktif yang mampu, kurang dari {terms.exempt_below_able}",
        )
        grounds.append(below if able < terms.exempt_below_able else None)
    if terms.exempt_with:
        counts = {ExemptMember.LANSIA: lansia, ExemptMember.DISABILITAS_BERAT: disabilitas}
        grounds.append(_name_members({kind: counts[kind] for kind in terms.exempt_with if counts[kind]}))
    met = [ground for ground in grounds if ground is not None]
    return [] if terms.exempt_if is ExemptIf.ALL and len(met) < len(grounds) else met


MEMBER_NAMES = {
    ExemptMember.LANSIA: ("elderly", "lansia"),
    ExemptMember.DISABILITAS_BERAT: ("severely disabled", "dengan disabilitas berat"),
}


def _name_members(counts: dict[ExemptMember, int]) -> Words | None:
    if not counts:
        return None
    en = " and ".join(
        f"{count} {MEMBER_NAMES[kind][0]} member{'s' * (count > 1)}" for kind, count in counts.items()
    )
    indonesian = " dan ".join(f"{count} anggota {MEMBER_NAMES[kind][1]}" for kind, count in counts.items())
    return Words(f"the family has {en}", f"keluarga memiliki {indonesian}")


def effective_tahap(calendar: Sequence[TahapCalendar], settled_on: date) -> TahapCalendar:
    """Return the first tahap whose cut-off is on or after `settled_on`.

    Raises:
        TahapNotPlanned: The calendar does not reach that date.
    """
    reachable = [tahap for tahap in calendar if tahap.cutoff_on >= settled_on]
    if not reachable:
        raise TahapNotPlanned(on=settled_on)
    return min(reachable, key=lambda tahap: tahap.cutoff_on)


def effective_tahap_after(
    calendar: Sequence[TahapCalendar], settled_on: date, forecast: str
) -> TahapCalendar:
    """Return the effective tahap of a settled exit, never before its forecast.

    Raises:
        TahapNotPlanned: The calendar does not reach that date.
    """
    tahap = effective_tahap(calendar, settled_on)
    later = [one for one in calendar if one.tahap == forecast and one.starts_on > tahap.starts_on]
    return later[0] if later else tahap


def last_payable(calendar: Sequence[TahapCalendar], effective: TahapCalendar) -> str:
    """Return the tahap before the effective one, the last for which the family is paid.

    If the calendar has no earlier tahap, assume that the year before has as many tahap as the effective year.
    """
    earlier = [tahap for tahap in calendar if tahap.starts_on < effective.starts_on]
    if earlier:
        return max(earlier, key=lambda tahap: tahap.starts_on).tahap
    return f"{effective.year - 1}-{max(tahap.number for tahap in calendar if tahap.year == effective.year)}"


# The first is compatible with itself: exits are computed at once, and wait only for a change of the calendar.
HOLD_CALENDAR = sa.text("SELECT pg_advisory_xact_lock_shared(hashtext('pilar tahap calendar'))")
LOCK_CALENDAR = sa.text("SELECT pg_advisory_xact_lock(hashtext('pilar tahap calendar'))")


async def hold_calendar(session: AsyncSession) -> Sequence[TahapCalendar]:
    """Return all tahap, which no other transaction changes before the end of this one.

    A change that follows finds what is computed on them.
    """
    await session.execute(HOLD_CALENDAR)
    fresh = sa.select(TahapCalendar).order_by(TahapCalendar.starts_on)
    return (await session.scalars(fresh, execution_options={"populate_existing": True})).all()


async def read_calendar(session: AsyncSession) -> Sequence[TahapCalendar]:
    """Return all tahap, a few rows per year."""
    return (await session.scalars(sa.select(TahapCalendar).order_by(TahapCalendar.starts_on))).all()
