"""`make life KPM=<kpm_id>`: the life of one family across the four services, event by event, with who and when."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from deploy.demo.outboxes import Outboxes, Told
from deploy.local.place import Place
from shared.dates import JAKARTA

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


STEPS = (
    "SELECT at, graduasi_id::text, from_state, to_state, sub, role, reason FROM graduasi_history"
    " JOIN graduasi USING (graduasi_id) WHERE kpm_id = $1 ORDER BY history_id"
)


@dataclass(frozen=True, slots=True)
class Step:
    """A move of a case as graduation's own history has it: each stage by its person, also where nobody else is told."""

    at: datetime
    graduasi_id: str
    from_state: str
    to_state: str
    sub: str
    role: str
    reason: str | None


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
    facts, steps = asyncio.run(read(state.workers, kpm_id))
    if not facts:
        print(f"None of the four services has told anything of {kpm_id}.", file=sys.stderr)
        return 1
    print("\n".join(lines(kpm_id, facts, names_of(facts, place.people()), steps)))
    return 0


async def read(workers: dict[str, str], kpm_id: str) -> tuple[list[Told], list[Step]]:
    outboxes = await Outboxes.open(workers)
    try:
        rows = await outboxes.connections["graduation"].fetch(STEPS, UUID(kpm_id))
        return await outboxes.of_family(kpm_id), [Step(*row) for row in rows]
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
            account = next((one for one, ids in people.items() if ids.get("pendamping_id") == fact.key), "")
            names[fact.key] = f"{number} ({account})" if account else number
    return names


def in_order(facts: Sequence[Told], steps: Sequence[Step]) -> list[Told | Step]:
    """The facts as they were recorded, each step before the first fact that shows it to have been earlier.

    The clocks of four services differ by moments: only graduation's own facts are held against its steps' time.
    """
    waiting, found = deque(steps), list[Told | Step]()
    for fact in facts:
        while waiting and fact.occurred_at and is_before(waiting[0], fact, fact.occurred_at):
            found.append(waiting.popleft())
        found.append(fact)
    return [*found, *waiting]


def is_before(step: Step, fact: Told, at: datetime) -> bool:
    same_clock = fact.service == "graduation"
    return step.at <= at if same_clock else step.at.astimezone(JAKARTA).date() < at.astimezone(JAKARTA).date()


def lines(
    kpm_id: str, facts: list[Told], names: Mapping[str, str], steps: Sequence[Step] = ()
) -> Iterable[str]:
    """One line a fact or a step: business time in Jakarta, what, who did it, and why: a reason, or the fact it answers."""
    yield f"The life of {kpm_id}, as the four services told it (business time, Jakarta)\n"
    shown_day, known = "", {fact.event_id: fact for fact in facts}
    named = [fact.data["graduasi_id"] for fact in facts if fact.data.get("graduasi_id")]
    cases = list(dict.fromkeys([*(step.graduasi_id for step in steps), *named]))
    for entry in in_order(facts, steps):
        at = entry.at if isinstance(entry, Step) else entry.occurred_at
        if at and (day := f"{at.astimezone(JAKARTA):%A %d %B %Y}") != shown_day:
            shown_day = day
            yield f"\n{day}"
        time = f"{at.astimezone(JAKARTA):%H:%M}" if at else "  …  "
        yield f"  {time}  {stepped(entry, cases) if isinstance(entry, Step) else said(entry, cases, names, known)}"
    yield f"\n{len(facts)} facts from {len({fact.service for fact in facts})} services, {len(steps)} steps of cases."


def said(fact: Told, cases: Sequence[str], names: Mapping[str, str], known: Mapping[str, Told]) -> str:
    what = [
        *case_of(fact.data.get("graduasi_id"), cases),
        *details(fact, names),
        *after(known.get(fact.caused_by)),
    ]
    return f"{fact_of(fact):34} by {fact.actor:20} {', '.join(what)}".rstrip()


def stepped(step: Step, cases: Sequence[str]) -> str:
    """A step names the role, because who may do it is what an auditor looks for."""
    what = [*case_of(step.graduasi_id, cases), f"as {step.role}"]
    if step.reason:
        what.append(f"reason {step.reason}")
    move = f"{step.from_state} to {step.to_state}"
    return f"  {move:50} by {step.sub:20} {', '.join(what)}"


def fact_of(fact: Told) -> str:
    return fact.wire.rpartition(".")[0]


def case_of(graduasi_id: str | None, cases: Sequence[str]) -> Iterable[str]:
    """Which of a family's cases it is about, where there is more than one."""
    if len(cases) > 1 and graduasi_id:
        yield f"case {cases.index(graduasi_id) + 1}"


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
