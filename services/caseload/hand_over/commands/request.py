from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.loads import read_limit
from services.caseload.dampingan.errors import CaseloadFull
from services.caseload.dampingan.models import DampinganLoad
from services.caseload.hand_over.commands.families import count_families, store_families
from services.caseload.hand_over.commands.order import POINTERS, read_placements
from services.caseload.hand_over.errors import HandOverAlreadyAsked, NothingToHandOver
from services.caseload.hand_over.models import HandOver, HandOverFacts, HandOverTerms
from shared import clock, schema
from shared.access import Actor
from shared.database import insert, uuid7, vault_of
from shared.dates import midnight
from shared.jobs import enqueue, schedule
from shared.jobs.queue import as_json
from shared.privacy import seal_texts

KIND = "hand_over.run"


class HandOverWarning(TypedDict):
    """A warning about a hand-over: a code and a number of families."""

    code: str
    count: int


async def preview_hand_over(session: AsyncSession, actor: Actor, order: HandOverTerms) -> dict[str, Any]:
    """Return the effect of a hand-over: counts, loads before and after, and warnings.

    Raises:
        NotAllowed, and what `read_placements` raises.
    """
    actor.require_area(order.kode_wilayah)
    giving, taking = await read_placements(session, order)
    giver = (giving.penugasan_id, giving.pendamping_id)
    purpose = order.purpose.value if order.purpose else None
    counts = await count_families(session, giver, order.kode_wilayah, order.on, purpose, taking)
    before = await read_loads(session, order)
    # The limit of the hand-over's day decides, since limits can change before it.
    limit = await read_limit(session, taking.kind, max(order.on, await clock.today(session)))
    preview = {name: counts[name] for name in ("families", "open_cases", "tasks")} | {
        "from_before": before[order.from_penugasan_id],
        "from_after": before[order.from_penugasan_id] - counts["leaving"],
        "to_before": before[order.to_penugasan_id],
        "to_after": before[order.to_penugasan_id] + counts["weighing"],
        "warn_above": limit and limit.warn_above,
        "refuse_above": limit and limit.refuse_above,
        "limit_version": limit and limit.version,
    }
    return preview | {"warnings": warnings_of(preview, counts)}


async def read_loads(session: AsyncSession, order: HandOverTerms) -> dict[UUID, int]:
    """Return the loads of both placements."""
    both = (order.from_penugasan_id, order.to_penugasan_id)
    rows = sa.select(DampinganLoad.penugasan_id, DampinganLoad.weighing).where(
        DampinganLoad.penugasan_id.in_(both)
    )
    return dict.fromkeys(both, 0) | {row.penugasan_id: row.weighing for row in await session.execute(rows)}


def warnings_of(preview: dict[str, Any], counts: dict[str, int]) -> list[HandOverWarning]:
    """Return the warnings to show before the order."""
    warnings = [
        HandOverWarning(code=name.upper(), count=counts[name])
        for name in ("without_pendamping", "began_that_day", "accompanied_by_another", "visits_after")
        if counts[name]
    ]
    for code, bound in (("ABOVE_REFUSAL", "refuse_above"), ("ABOVE_WARNING", "warn_above")):
        if preview[bound] is not None and preview["to_after"] > preview[bound]:
            return [*warnings, HandOverWarning(code=code, count=preview["to_after"])]
    return warnings


async def request_hand_over(
    session: AsyncSession, actor: Actor, order: HandOverTerms, *, reason: str, override_reason: str | None
) -> HandOver:
    """Order a hand-over.

    It starts at once or on its day, when each family is checked again. Both reasons are stored sealed.

    Raises:
        NotAllowed, NothingToHandOver, CaseloadFull, HandOverAlreadyAsked, and what `read_placements` raises.
    """
    preview = await preview_hand_over(session, actor, order)
    if not preview["families"]:
        raise NothingToHandOver("/body/kode_wilayah", kode_wilayah=order.kode_wilayah, on=order.on)
    limit = preview["refuse_above"]
    if limit is not None and preview["to_after"] > limit and override_reason is None:
        raise CaseloadFull(POINTERS.placement, count=preview["to_before"], limit=limit)
    await close_ended(session)
    hand_over_id, texts = uuid7(), {"reason": reason, "override_reason": override_reason}
    hand_over = HandOver(
        **seal_texts(vault_of(session), texts, table="hand_over", row_id=hand_over_id),
        **{name: getattr(order, name) for name in HandOverFacts.model_fields},
        hand_over_id=hand_over_id,
        on_date=order.on,
        families=preview["families"],
        limit_version=preview["limit_version"],
        asked_by=actor.sub,
        asked_at=await clock.now(session),
    )
    await insert(session, hand_over, uq_hand_over_once=HandOverAlreadyAsked("/body"))
    giving, taking = await read_placements(session, order)
    # The stored families are those of a later moment than the preview's.
    hand_over.families = await store_families(session, hand_over.hand_over_id, giving, order, taking)
    await enqueue_or_schedule(session, actor, hand_over, order)
    return hand_over


async def close_ended(session: AsyncSession) -> None:
    """Close orders whose job has ended, so that the same order can be given again."""
    job = schema.job.c
    ended = sa.select(job.job_id).where(job.kind == KIND, job.state.in_(("DONE", "CANCELLED", "FAILED")))
    await session.execute(
        sa.update(HandOver).where(HandOver.open, HandOver.job_id.in_(ended)).values(open=False)
    )


async def enqueue_or_schedule(
    session: AsyncSession, actor: Actor, hand_over: HandOver, order: HandOverTerms
) -> None:
    """Enqueue the job now, or schedule it for the first moment of its day."""
    params = order.model_dump(mode="json", include={*HandOverTerms.model_fields}) | {
        "hand_over_id": str(hand_over.hand_over_id),
        "override": hand_over.override_reason_sealed is not None,
    }
    if order.on <= await clock.today(session):
        hand_over.job_id = await enqueue(session, KIND, params, actor, total=hand_over.families)
        return
    payload = params | {"actor": as_json(actor), "families": hand_over.families}
    await schedule(session, KIND, midnight(order.on), subject_id=hand_over.hand_over_id, payload=payload)
