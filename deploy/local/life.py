"""`make life KPM=<kpm_id>`: the life of one family across the four services, event by event, with who and when."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
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
    print("\n".join(lines(kpm_id, facts)))
    return 0


async def read(workers: dict[str, str], kpm_id: str) -> list[Told]:
    outboxes = await Outboxes.open(workers)
    try:
        return await outboxes.of_family(kpm_id)
    finally:
        await outboxes.close()


def lines(kpm_id: str, facts: list[Told]) -> Iterable[str]:
    """One line a fact: business time in Jakarta, the fact, who caused it, and what may be told of it."""
    yield f"The life of {kpm_id}, as the four services told it (business time, Jakarta)\n"
    shown_day = ""
    for fact in facts:
        at = fact.occurred_at.astimezone(JAKARTA) if fact.occurred_at else None
        if at and (day := f"{at:%A %d %B %Y}") != shown_day:
            shown_day = day
            yield f"\n{day}"
        time = f"{at:%H:%M}" if at else "  …  "
        what = fact.wire.rpartition(".")[0]
        yield f"  {time}  {what:34} by {fact.actor:20} {details(fact)}".rstrip()
    yield f"\n{len(facts)} facts from {len({fact.service for fact in facts})} services."


def details(fact: Told) -> str:
    if not fact.envelope:
        return "sealed; sent, and cleared here"
    known = {name: fact.data[name] for name in SHOWN if fact.data.get(name) not in (None, "", [])}
    return ", ".join(f"{name} {'+'.join(v) if isinstance(v, list) else v}" for name, v in known.items())


if __name__ == "__main__":
    sys.exit(main())
