"""Pure functions that collect the facts of a family, and compare them with earlier ones."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.graduation.policy.models.policy import CountedMemberships
from services.graduation.replicas.models import Kepesertaan, Kpm, Usaha
from shared.contracts.kinds import DesilScope
from shared.dates import months_after, months_between

TREND_SNAPSHOTS = 4


def collect_facts(kpm: Kpm, usaha: Sequence[Usaha], member_since: date, on: date) -> dict[str, Any]:
    """Return the facts of a family on a date, which an assessment stores.

    None means that a fact does not apply to the family (no invitation to P2K2, no desil yet). Its weight is left out.
    A business that has ended by that date is not counted.
    """
    running = [one for one in usaha if one.ended_on is None or one.ended_on > on]
    desil = sorted((d["snapshot"], d["value"]) for d in kpm.desil if d["scope"] == DesilScope.NAS)
    recent = [value for _, value in desil[-TREND_SNAPSHOTS:]]
    dependants = kpm.members - kpm.able_productive
    return {
        "as_of": on.isoformat(),
        "members": kpm.members,
        "able_productive": kpm.able_productive,
        "lansia": kpm.lansia,
        "disabilitas": kpm.disabilitas,
        "komponen": kpm.komponen,
        "last_komponen_ends_on": kpm.last_komponen_ends_on.isoformat() if kpm.last_komponen_ends_on else None,
        "desil_nas": [list(pair) for pair in desil],
        "DESIL_NAS": recent[-1] if recent else None,
        "DESIL_NAS_RISE": recent[-1] - recent[0] if recent else None,
        "USAHA_AGE_MONTHS": max((months_between(u.started_on, on) for u in running), default=0),
        "USAHA_OMZET_RP": sum(u.omzet_rp for u in running),
        "USAHA_PERMIT": any(u.has_nib or u.has_letter for u in running),
        "DEPENDENCY_PERCENT": dependants * 100 // kpm.able_productive if kpm.able_productive else None,
        "P2K2_PERCENT": kpm.p2k2_attended * 100 // kpm.p2k2_invited if kpm.p2k2_invited else None,
        "PROGRAM_YEARS": months_between(member_since, on) // 12,
        "PROGRAM_MONTHS": months_between(member_since, on),
    }


def find_counted_since(
    membership: Kepesertaan, memberships: Sequence[Kepesertaan], counted: CountedMemberships
) -> date:
    """Return the day from which the time in the program is counted.

    The months and days of earlier memberships of the bansos move it before the first day of the current one. They are
    those of `age()` in PostgreSQL, by which candidates are computed.
    """
    if counted is CountedMemberships.CURRENT:
        return membership.valid_from
    earlier = [
        (one.valid_from, one.valid_to)
        for one in memberships
        if one.bansos == membership.bansos
        and one.valid_to is not None
        and one.valid_to <= membership.valid_from
    ]
    months = sum(months_between(start, end) for start, end in earlier)
    days = sum(_days_beyond_months(start, end) for start, end in earlier)
    return months_after(membership.valid_from, -months) - timedelta(days=days)


def _days_beyond_months(start: date, end: date) -> int:
    days = end.day - start.day
    return days if days >= 0 else days + calendar.monthrange(start.year, start.month)[1]


def find_differences(pinned: Mapping[str, Any], current: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each fact that differs, except the date of the facts."""
    return [
        {"fact": name, "pinned": pinned.get(name), "today": value}
        for name, value in current.items()
        if name != "as_of" and name in pinned and pinned[name] != value
    ]
