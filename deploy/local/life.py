"""`make life KPM=<kpm_id>`: the life of one family across the four services, event by event, with who and when."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from deploy.local.outboxes import Outboxes, Told
from deploy.local.place import Place
from shared.clock import JAKARTA

# What may be told of a fact, in this order: codes, dates, counts and money; reasons are codes wherever they travel.
SHOWN = (
    *("bansos", "exit_reason", "result", "state", "closed_as", "outcome", "reason", "reason_code", "cause"),
    *("sk_no", "sk_on", "term_ends_on", "effective_on", "effective_tahap", "last_payable_tahap"),
    *("certificate_no", "lodged_on", "suspends", "decided_on", "was_effective", "back_pay_tahap"),
    *("program_code", "benefit_kinds", "status", "amount_rp", "delivered_on", "purpose", "kind"),
    *("valid_from", "valid_to", "on", "month", "still_in_business", "still_out", "completes", "omzet_rp"),
    *("year", "count", "limit", "side", "invited", "attended", "members", "kode_wilayah", "recipient"),
)
# Whom a fact names besides who told it: shown by what everybody calls them.
NAMED = {"pendamping_id": "pendamping", "partner_id": "partner"}


def main() -> int:
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("KPM", "")
    try:
        kpm_id = str(UUID(given))
    except ValueError:
        print(
            "Say which family: make life KPM=<kpm_id>, the id that caseload's look-up gives.", file=sys.stderr
        )
        return 1
    place = Place.of(os.environ.get("FOLDER") or ".pilar")
    state = place.read()
    if state is None:
        print(
            f"Nothing runs on {place.folder}: start it with make up, or name another by FOLDER.",
            file=sys.stderr,
        )
        return 1
    facts = asyncio.run(read(state.workers, kpm_id))
    if not facts:
        print(f"None of the four services has told anything of {kpm_id}.", file=sys.stderr)
        return 1
    print("\n".join(lines(kpm_id, facts, names_of(facts, place.people()))))
    return 0


async def read(workers: dict[str, str], kpm_id: str) -> list[Told]:
    outboxes = await Outboxes.open(workers)
    try:
        return await outboxes.of_family(kpm_id)
    finally:
        await outboxes.close()


def names_of(facts: Iterable[Told], people: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What to call a pendamping (the number that registry gave, and the account) or a partner (its code), by id."""
    names: dict[str, str] = {}
    for account, ids in people.items():
        for kind in NAMED:
            if kind in ids:
                names.setdefault(ids[kind], account)
    for fact in facts:
        if number := fact.data.get("pendamping_no"):
            account = names.get(fact.key, "")
            names[fact.key] = f"{number} ({account})" if account and number not in account else number
    return names


def lines(kpm_id: str, facts: list[Told], names: Mapping[str, str]) -> Iterable[str]:
    """One line a fact: business time in Jakarta, the fact, who caused it, after which other fact, and what it says."""
    yield f"The life of {kpm_id}, as the four services told it (business time, Jakarta)\n"
    shown_day, known = "", {fact.event_id: fact for fact in facts}
    cases = list(dict.fromkeys(fact.data["graduasi_id"] for fact in facts if fact.data.get("graduasi_id")))
    for fact in facts:
        at = fact.occurred_at.astimezone(JAKARTA) if fact.occurred_at else None
        if at and (day := f"{at:%A %d %B %Y}") != shown_day:
            shown_day = day
            yield f"\n{day}"
        time = f"{at:%H:%M}" if at else "  …  "
        said = [*case_of(fact, cases), *details(fact, names), *after(known.get(fact.caused_by))]
        yield f"  {time}  {fact_of(fact):34} by {fact.actor:20} {', '.join(said)}".rstrip()
    yield f"\n{len(facts)} facts from {len({fact.service for fact in facts})} services."


def fact_of(fact: Told) -> str:
    return fact.wire.rpartition(".")[0]


def case_of(fact: Told, cases: Sequence[str]) -> Iterable[str]:
    """Which of a family's cases it is about, where there is more than one."""
    if len(cases) > 1 and fact.data.get("graduasi_id"):
        yield f"case {cases.index(fact.data['graduasi_id']) + 1}"


def after(cause: Told | None) -> Iterable[str]:
    """Why a service did this by itself: the fact that it answers."""
    if cause is not None:
        yield f"after {fact_of(cause)}"


def details(fact: Told, names: Mapping[str, str]) -> Iterable[str]:
    if not fact.envelope:
        yield "sealed; sent, and cleared here"
    for field, noun in NAMED.items():
        if who := fact.data.get(field):
            yield f"{noun} {names.get(who, who)}"
    for name in SHOWN:
        value = fact.data.get(name)
        if value not in (None, "", []):
            yield f"{name} {'+'.join(value) if isinstance(value, list) else value}"


if __name__ == "__main__":
    sys.exit(main())
