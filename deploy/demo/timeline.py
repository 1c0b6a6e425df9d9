"""`make timeline KPM=<kpm_id>`: one family's events and case steps across the services."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from deploy.demo.outboxes import Outboxes, RecordedEvent
from deploy.local.data_folder import DataFolder
from shared.dates import JAKARTA
from shared.privacy import Vault, open_texts

# Fields that may be printed, in this order: codes, dates, counts and amounts. A reason in an event is a code.
SHOWN_FIELDS = (
    *("bansos", "exit_reason", "result", "state", "closed_as", "outcome", "reason", "reason_code", "cause"),
    *(
        "sk_no",
        "sk_on",
        "announced_on",
        "term_ends_on",
        "effective_on",
        "effective_tahap",
        "last_payable_tahap",
    ),
    *("certificate_no", "lodged_on", "suspends", "decided_on", "was_effective", "back_pay_tahap"),
    *("program_code", "benefit_kinds", "status", "amount_rp", "delivered_on", "purpose", "kind"),
    *("valid_from", "valid_to", "on", "month", "still_in_business", "still_out", "completes", "omzet_rp"),
    *("year", "count", "limit", "side", "invited", "attended", "members", "kode_wilayah", "recipient"),
)
# Ids that are printed as names.
NAMED_IDS = {"pendamping_id": "pendamping", "partner_id": "partner"}


STEPS = (
    "SELECT at, graduasi_id::text, from_state, to_state, sub, role, reason_sealed FROM graduasi_history"
    " JOIN graduasi USING (graduasi_id) WHERE kpm_id = $1 ORDER BY history_id"
)


@dataclass(frozen=True, slots=True)
class Step:
    """A transition of a case from graduation's history, also where it emits no event."""

    at: datetime
    graduasi_id: str
    from_state: str | None
    to_state: str
    sub: str
    role: str
    reason: str | None


def main() -> int:
    argument = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("KPM", "")
    try:
        kpm_id = str(UUID(argument))
    except ValueError:
        print(
            "Give the family's id: make timeline KPM=<kpm_id>. Caseload's look-up returns it.",
            file=sys.stderr,
        )
        return 1
    data_folder = DataFolder.of(os.environ.get("FOLDER") or ".pilar")
    state = data_folder.read()
    if state is None:
        print(
            f"No deployment runs in {data_folder.folder}. Start one with make up, or give another folder by FOLDER.",
            file=sys.stderr,
        )
        return 1
    events, steps = asyncio.run(
        read(state.workers, kpm_id, Vault(data_folder.keys("graduation"), "graduation"))
    )
    if not events:
        print(f"The four services have no events of {kpm_id}.", file=sys.stderr)
        return 1
    print("\n".join(lines(kpm_id, events, names_of(events, data_folder.people()), steps)))
    return 0


async def read(workers: dict[str, str], kpm_id: str, vault: Vault) -> tuple[list[RecordedEvent], list[Step]]:
    outboxes = await Outboxes.open(workers)
    try:
        rows = await outboxes.connections["graduation"].fetch(STEPS, UUID(kpm_id))
        return await outboxes.of_family(kpm_id), [to_step(row, vault) for row in rows]
    finally:
        await outboxes.close()


def to_step(row: Mapping[str, Any], vault: Vault) -> Step:
    """Return a step with its reason in clear text."""
    names = {"table": "graduasi_history", "row_id": row["graduasi_id"]}
    return Step(**open_texts(vault, dict(row), ("reason",), **names))


def names_of(events: Iterable[RecordedEvent], people: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the printed name of each pendamping and partner, by id.

    A pendamping has the registry's number and the account, a partner has its code.
    """
    names: dict[str, str] = {}
    for account, ids in people.items():
        for kind in NAMED_IDS:
            if kind in ids:
                names.setdefault(ids[kind], account)
    for event in events:
        if number := event.data.get("pendamping_no"):
            account = next((one for one, ids in people.items() if ids.get("pendamping_id") == event.key), "")
            names[event.key] = f"{number} ({account})" if account else number
    return names


def merge(events: Sequence[RecordedEvent], steps: Sequence[Step]) -> list[RecordedEvent | Step]:
    """Merge the events, in the order of recording, with the steps.

    A step comes before the first event that is later. The clocks of the four services differ slightly, so a step is
    compared by time with graduation's own events only, and by date with others.
    """
    waiting, entries = deque(steps), list[RecordedEvent | Step]()
    for event in events:
        while waiting and event.occurred_at and is_before(waiting[0], event, event.occurred_at):
            entries.append(waiting.popleft())
        entries.append(event)
    return [*entries, *waiting]


def is_before(step: Step, event: RecordedEvent, at: datetime) -> bool:
    same_clock = event.service == "graduation"
    return step.at <= at if same_clock else step.at.astimezone(JAKARTA).date() < at.astimezone(JAKARTA).date()


def lines(
    kpm_id: str, events: list[RecordedEvent], names: Mapping[str, str], steps: Sequence[Step] = ()
) -> Iterable[str]:
    """Return one line per event or step: business time, event, actor and details."""
    yield f"Timeline of {kpm_id} (business time, Jakarta)\n"
    shown_day, by_id = "", {event.event_id: event for event in events}
    case_ids = [event.data["graduasi_id"] for event in events if event.data.get("graduasi_id")]
    cases = list(dict.fromkeys([*(step.graduasi_id for step in steps), *case_ids]))
    for entry in merge(events, steps):
        at = entry.at if isinstance(entry, Step) else entry.occurred_at
        if at and (day := f"{at.astimezone(JAKARTA):%A %d %B %Y}") != shown_day:
            shown_day = day
            yield f"\n{day}"
        time = f"{at.astimezone(JAKARTA):%H:%M}" if at else "  …  "
        yield f"  {time}  {step_line(entry, cases) if isinstance(entry, Step) else event_line(entry, cases, names, by_id)}"
    yield f"\n{len(events)} events of {len({event.service for event in events})} services, {len(steps)} case steps."


def event_line(
    event: RecordedEvent, cases: Sequence[str], names: Mapping[str, str], by_id: Mapping[str, RecordedEvent]
) -> str:
    parts = [
        *case_of(event.data.get("graduasi_id"), cases),
        *details(event, names),
        *cause_of(by_id.get(event.caused_by)),
    ]
    return f"{short_name(event):34} by {event.actor:20} {', '.join(parts)}".rstrip()


def step_line(step: Step, cases: Sequence[str]) -> str:
    """Return a step with the actor's role, which auditors check."""
    parts = [*case_of(step.graduasi_id, cases), f"as {step.role}"]
    if step.reason:
        parts.append(f"reason {step.reason}")
    move = f"{step.from_state or 'opened'} to {step.to_state}"
    return f"  {move:50} by {step.sub:20} {', '.join(parts)}"


def short_name(event: RecordedEvent) -> str:
    return event.wire.rpartition(".")[0]


def case_of(graduasi_id: str | None, cases: Sequence[str]) -> Iterable[str]:
    """Yield the number of the case, if the family has more than one."""
    if len(cases) > 1 and graduasi_id:
        yield f"case {cases.index(graduasi_id) + 1}"


def cause_of(cause: RecordedEvent | None) -> Iterable[str]:
    """Yield the event that a service reacted to."""
    if cause is not None:
        yield f"after {short_name(cause)}"


def details(event: RecordedEvent, names: Mapping[str, str]) -> Iterable[str]:
    if not event.envelope:
        yield "sealed, deleted here after sending"
    for field, noun in NAMED_IDS.items():
        if holder := event.data.get(field):
            yield f"{noun} {names.get(holder, holder)}"
    for name in SHOWN_FIELDS:
        value = event.data.get(name)
        if value not in (None, "", []):
            yield f"{name} {'+'.join(value) if isinstance(value, list) else value}"


if __name__ == "__main__":
    sys.exit(main())
