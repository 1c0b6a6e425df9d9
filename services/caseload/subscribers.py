"""What caseload keeps of others, and what it does when a case moves or a family consents."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.after_exit import end_with_monitoring, open_re_entry, open_visit
from services.caseload.commands.exits import hear, hear_objection
from services.caseload.commands.placements import await_end_of_area, await_end_of_penugasan, await_leaving
from services.caseload.commands.sealing import seal_identity, stop_sealing
from services.caseload.models import Aid, Pendamping, Penugasan, WilayahTugas
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiClosed,
    GraduasiDetermined,
    GraduasiProposed,
    KpmGraduated,
    MonitoringRecorded,
    RelapseConfirmed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.referral import (
    ConsentGiven,
    ConsentWithdrawn,
    RelapseReported,
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
from shared.messaging import Meta, Received, Subscription

pendamping = Subscription(name="pendamping", kind="replica", topics=["pilar.registry"])
aid = Subscription(name="aid", kind="replica", topics=["pilar.referral"])
graduation = Subscription(name="graduation", kind="reaction", topics=["pilar.graduation"])
sealing = Subscription(name="sealing", kind="reaction", topics=["pilar.referral"])
SUBSCRIPTIONS = [pendamping, aid, graduation, sealing]


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


@graduation.on(GraduasiProposed)
async def mark_open_case(session: AsyncSession, event: GraduasiProposed, meta: Meta) -> None:
    """A case is open on the membership."""
    del meta
    await hear(session, event, "proposed")


@graduation.on(GraduasiClosed)
async def clear_mark(session: AsyncSession, event: GraduasiClosed, meta: Meta) -> None:
    """The case ended without a penetapan; the membership goes on."""
    del meta
    await hear(session, event, "closed")


@graduation.on(GraduasiDetermined)
async def announce(session: AsyncSession, event: GraduasiDetermined, meta: Meta) -> None:
    """The end is announced; nothing has ended."""
    del meta
    await hear(session, event, "determined")


@graduation.on(KpmGraduated)
async def end_membership(session: AsyncSession, event: KpmGraduated, meta: Meta) -> None:
    """The graduation takes effect: the membership ends, and no other."""
    del meta
    await hear(session, event, "graduated")


@graduation.on(GraduasiAnnulled)
async def restore_membership(session: AsyncSession, event: GraduasiAnnulled, meta: Meta) -> None:
    """The SK is undone: the membership is as if it had never ended."""
    del meta
    await hear(session, event, "annulled")


@graduation.on(SanggahLodged)
async def hold_end(session: AsyncSession, event: SanggahLodged, meta: Meta) -> None:
    """An objection in term stops the end."""
    del meta
    await hear_objection(session, event)


@graduation.on(SanggahDecided)
async def go_on(session: AsyncSession, event: SanggahDecided, meta: Meta) -> None:
    """Refused: what was held goes on."""
    del meta
    await hear_objection(session, event)


@sealing.on(ConsentGiven)
async def seal(session: AsyncSession, event: ConsentGiven, meta: Meta) -> None:
    """The family agrees: its identity goes sealed to referral, for this program alone."""
    del meta
    await seal_identity(session, event)


@sealing.on(ConsentWithdrawn)
async def stop(session: AsyncSession, event: ConsentWithdrawn, meta: Meta) -> None:
    """The family takes it back: nothing more is sealed for it."""
    del meta
    await stop_sealing(session, event)


placement = Subscription(name="placement", kind="reaction", topics=["pilar.registry"])
tugas = Subscription(name="tugas", kind="reaction", topics=["pilar.graduation", "pilar.referral"])
SUBSCRIPTIONS += [placement, tugas]


@placement.on(PenugasanStarted, PenugasanEnded)
async def watch_penugasan(
    session: AsyncSession, event: PenugasanStarted | PenugasanEnded, meta: Meta
) -> None:
    """A placement ends on a day: the families under it are without anybody from then on."""
    del meta
    await await_end_of_penugasan(session, event)


@placement.on(WilayahTugasPlaced, WilayahTugasEnded)
async def watch_area(
    session: AsyncSession, event: WilayahTugasPlaced | WilayahTugasEnded, meta: Meta
) -> None:
    """An area is covered until a day: so are its families."""
    del meta
    await await_end_of_area(session, event)


@placement.on(PendampingStatusChanged)
async def watch_pendamping(session: AsyncSession, event: PendampingStatusChanged, meta: Meta) -> None:
    """A pendamping serves no more from a day on."""
    del meta
    await await_leaving(session, event)


@tugas.on(MonitoringRecorded)
async def let_go_of_family(session: AsyncSession, event: MonitoringRecorded, meta: Meta) -> None:
    """The monitoring is complete: the accompaniment ends."""
    del meta
    await end_with_monitoring(session, event)


@tugas.on(RelapseConfirmed)
async def ask_for_re_entry(session: AsyncSession, event: RelapseConfirmed, meta: Meta) -> None:
    """The family has fallen back: a re-entry task."""
    del meta
    await open_re_entry(session, event)


@tugas.on(RelapseReported)
async def ask_for_visit(session: AsyncSession, event: RelapseReported, meta: Meta) -> None:
    """Perhaps it has: a visit task."""
    del meta
    await open_visit(session, event)
