from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.loads import limit_on
from services.caseload.dampingan.errors import CaseloadFull
from services.caseload.dampingan.models import DampinganLoad
from services.caseload.hand_over.commands.families import count_families
from services.caseload.hand_over.commands.order import AT, placements_of
from services.caseload.hand_over.errors import HandOverAlreadyAsked, NothingToHandOver
from services.caseload.hand_over.models import HandOver, HandOverFacts, HandOverTerms
from shared import clock, schema
from shared.access import Actor
from shared.database import insert, uuid7
from shared.dates import midnight
from shared.jobs import enqueue, schedule
from shared.jobs.asking import as_json

KIND = "hand_over"


class Warned(TypedDict):
    """Something to know before one orders it: a code and how many families, or which count it is about."""

    code: str
    count: int


async def preview_hand_over(session: AsyncSession, actor: Actor, order: HandOverTerms) -> dict[str, Any]:
    """Return what a hand-over would do: families, what comes with them, loads before and after, warnings.

    Raises:
        NotAllowed, and what `placements_of` raises.
    """
    actor.require_area(order.kode_wilayah)
    giving, taking = await placements_of(session, order)
    holder = (giving.penugasan_id, giving.pendamping_id)
    purpose = order.purpose.value if order.purpose else None
    counts = await count_families(session, holder, order.kode_wilayah, order.on, purpose, taking)
    before = await loads_of(session, order)
    # A limit may change before the day comes: it is that day's which will decide.
    limit = await limit_on(session, taking.kind, max(order.on, await clock.today(session)))
    seen = {name: counts[name] for name in ("families", "open_cases", "tasks")} | {
        "from_before": before[order.from_penugasan_id],
        "from_after": before[order.from_penugasan_id] - counts["leaving"],
        "to_before": before[order.to_penugasan_id],
        "to_after": before[order.to_penugasan_id] + counts["weighing"],
        "warn_above": limit and limit.warn_above,
        "refuse_above": limit and limit.refuse_above,
        "limit_version": limit and limit.version,
    }
    return seen | {"warnings": warnings_of(seen, counts)}


async def loads_of(session: AsyncSession, order: HandOverTerms) -> dict[UUID, int]:
    """Return how many families weigh on both placements."""
    both = (order.from_penugasan_id, order.to_penugasan_id)
    rows = sa.select(DampinganLoad.penugasan_id, DampinganLoad.weighing).where(
        DampinganLoad.penugasan_id.in_(both)
    )
    return dict.fromkeys(both, 0) | {row.penugasan_id: row.weighing for row in await session.execute(rows)}


def warnings_of(seen: dict[str, Any], counts: dict[str, int]) -> list[Warned]:
    """Return what whoever orders it should know."""
    found = [
        Warned(code=name.upper(), count=counts[name])
        for name in ("without_pendamping", "began_that_day", "accompanied_by_another", "visits_after")
        if counts[name]
    ]
    for code, bound in (("ABOVE_REFUSAL", "refuse_above"), ("ABOVE_WARNING", "warn_above")):
        if seen[bound] is not None and seen["to_after"] > seen[bound]:
            return [*found, Warned(code=code, count=seen["to_after"])]
    return found


async def request_hand_over(
    session: AsyncSession, actor: Actor, order: HandOverTerms, *, reason: str, override_reason: str | None
) -> HandOver:
    """Order a hand-over: at once when its day has come, else on that day; it is looked at anew then.

    Raises:
        NotAllowed, NothingToHandOver, CaseloadFull, HandOverAlreadyAsked, and what `placements_of` raises.
    """
    seen = await preview_hand_over(session, actor, order)
    if not seen["families"]:
        raise NothingToHandOver("/body/kode_wilayah", kode_wilayah=order.kode_wilayah, on=order.on)
    limit = seen["refuse_above"]
    if limit is not None and seen["to_after"] > limit and override_reason is None:
        raise CaseloadFull(AT.placement, count=seen["to_before"], limit=limit)
    await close_ended(session)
    hand_over = HandOver(
        **{name: getattr(order, name) for name in HandOverFacts.model_fields},
        hand_over_id=uuid7(),
        on_date=order.on,
        reason=reason,
        override_reason=override_reason,
        families=seen["families"],
        limit_version=seen["limit_version"],
        asked_by=actor.sub,
        asked_at=await clock.now(session),
    )
    await insert(session, hand_over, uq_hand_over_once=HandOverAlreadyAsked("/body"))
    await begin_when_due(session, actor, hand_over, order)
    return hand_over


async def close_ended(session: AsyncSession) -> None:
    """An order whose job was cancelled or failed is no longer in the way of the same one."""
    job = schema.job.c
    over = sa.select(job.job_id).where(job.kind == KIND, job.state.in_(("DONE", "CANCELLED", "FAILED")))
    await session.execute(
        sa.update(HandOver).where(HandOver.open, HandOver.job_id.in_(over)).values(open=False)
    )


async def begin_when_due(
    session: AsyncSession, actor: Actor, hand_over: HandOver, order: HandOverTerms
) -> None:
    """Enqueue the job now, or let it be enqueued at the first moment of the day that lies ahead."""
    params = order.model_dump(mode="json", include={*HandOverTerms.model_fields}) | {
        "hand_over_id": str(hand_over.hand_over_id),
        "override": hand_over.override_reason is not None,
    }
    if order.on <= await clock.today(session):
        hand_over.job_id = await enqueue(session, KIND, params, actor, total=hand_over.families)
        return
    payload = params | {"actor": as_json(actor), "families": hand_over.families}
    await schedule(session, KIND, midnight(order.on), subject_id=hand_over.hand_over_id, payload=payload)
