from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.replicas.models import Aid, Pendamping, Penugasan, WilayahTugas
from services.caseload.subscriptions import aid, pendamping
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanExpired,
    RujukanSent,
    RujukanWithdrawn,
)
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.database import upsert
from shared.events import Event
from shared.messaging import Meta, Received


async def keep(
    session: AsyncSession, model: type[Pendamping | Penugasan | WilayahTugas], told: list[Received[Event]]
) -> None:
    """Write each fact's whole state by its id; a range that a fact does not end goes on."""
    names = [column.key for column in model.__table__.columns]
    said = [one.fields for one in told]
    await upsert(
        session, model, [{name: fields.get(name) for name in names} for fields in said], key=[names[0]]
    )


@pendamping.on_batch(PendampingRegistered, PendampingStatusChanged)
async def keep_pendamping(session: AsyncSession, told: list[Received[Event]]) -> None:
    """Anything but AKTIF means: no new acts."""
    await keep(session, Pendamping, told)


@pendamping.on_batch(PenugasanStarted, PenugasanEnded)
async def keep_penugasan(session: AsyncSession, told: list[Received[Event]]) -> None:
    """Who may hold a dampingan, and when."""
    await keep(session, Penugasan, told)


@pendamping.on_batch(WilayahTugasPlaced, WilayahTugasEnded)
async def keep_wilayah_tugas(session: AsyncSession, told: list[Received[Event]]) -> None:
    """In which areas, and when."""
    await keep(session, WilayahTugas, told)


async def keep_aid(session: AsyncSession, event: Any, **said: Any) -> None:
    """Write what is now known of an offer; what this fact does not say stays as it was."""
    names = (
        "rujukan_program_id",
        "rujukan_id",
        "graduasi_id",
        "kpm_id",
        "partner_id",
        "program_code",
        "status",
    )
    row = {name: getattr(event, name) for name in names} | said
    await upsert(session, Aid, [row], key=["rujukan_program_id"])


@aid.on(RujukanSent)
async def keep_sent(session: AsyncSession, event: RujukanSent, meta: Meta) -> None:
    """The partner has it."""
    del meta
    await keep_aid(session, event, sent_on=event.sent_on)


@aid.on(RujukanAnswered)
async def keep_answer(session: AsyncSession, event: RujukanAnswered, meta: Meta) -> None:
    """The partner has answered."""
    del meta
    await keep_aid(session, event, answered_on=event.answered_on, amount_rp=event.amount_rp)


@aid.on(RujukanDelivered)
async def keep_delivery(session: AsyncSession, event: RujukanDelivered, meta: Meta) -> None:
    """The aid has reached the family."""
    del meta
    amount = {"amount_rp": event.amount_rp} if event.amount_rp is not None else {}
    await keep_aid(session, event, delivered_on=event.delivered_on, **amount)


@aid.on(RujukanWithdrawn)
async def keep_withdrawal(session: AsyncSession, event: RujukanWithdrawn, meta: Meta) -> None:
    """The offer was taken back."""
    del meta
    await keep_aid(session, event, withdrawn_on=event.withdrawn_on)


@aid.on(RujukanExpired)
async def keep_expiry(session: AsyncSession, event: RujukanExpired, meta: Meta) -> None:
    """The partner let it run out."""
    del meta
    await keep_aid(session, event)
