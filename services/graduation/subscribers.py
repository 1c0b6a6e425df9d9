"""What graduation keeps of others: who may act on which family, what is known of it, whether it was referred."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.commands import (
    ask_for_check,
    follow_families,
    hear_exit,
    hear_withdrawal,
    keep_candidates,
)
from services.graduation.models import (
    Dampingan,
    Kepesertaan,
    Kpm,
    Pendamping,
    Penugasan,
    Rujukan,
    RujukanProgram,
    Usaha,
    WilayahTugas,
)
from shared.clock import JAKARTA
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganFacts,
    DampinganStarted,
    ExitProposalWithdrawn,
    ExitProposed,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KpmFacts,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)
from shared.contracts.kinds import RujukanPurpose
from shared.contracts.referral import (
    OutcomeRecorded,
    RelapseReported,
    RujukanAnswered,
    RujukanDelivered,
    RujukanOpened,
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
kpm = Subscription(name="kpm", kind="replica", topics=["pilar.caseload"])
exits = Subscription(name="exits", kind="reaction", topics=["pilar.caseload"], starts="beginning")
relapse = Subscription(name="relapse", kind="reaction", topics=["pilar.referral"], starts="beginning")
rujukan = Subscription(name="rujukan", kind="replica", topics=["pilar.referral"])

Model = type[Dampingan | Kepesertaan | Kpm | Pendamping | Penugasan | Rujukan | Usaha | WilayahTugas]

PROGRAM = ("rujukan_program_id", "graduasi_id", "kpm_id", "kode_wilayah", "program_code", "status")


async def keep(session: AsyncSession, model: Model, told: list[Received[Event]]) -> None:
    """Write each fact's whole state by its id; a column that a fact does not carry is empty (a range without end)."""
    names = [column.key for column in model.__table__.columns]
    rows: list[dict[str, object]] = []
    for one in told:
        fields = one.fields
        rows.append({name: fields.get(name) for name in names})
    await upsert(session, model, rows, key=[names[0]])


@pendamping.on_batch(PendampingRegistered, PendampingStatusChanged)
async def keep_pendamping(session: AsyncSession, told: list[Received[Event]]) -> None:
    """Anything but AKTIF means: no new acts."""
    await keep(session, Pendamping, told)


@pendamping.on_batch(PenugasanStarted, PenugasanEnded)
async def keep_penugasan(session: AsyncSession, told: list[Received[Event]]) -> None:
    """Who may assess, and until when."""
    await keep(session, Penugasan, told)


@pendamping.on_batch(WilayahTugasPlaced, WilayahTugasEnded)
async def keep_wilayah_tugas(session: AsyncSession, told: list[Received[Event]]) -> None:
    """Where."""
    await keep(session, WilayahTugas, told)


@kpm.on_batch(KpmRegistered, KpmUpdated)
async def keep_kpm(session: AsyncSession, told: list[Received[KpmFacts]]) -> None:
    """The facts that an assessment is judged on."""
    await keep(session, Kpm, told)  # pyright: ignore[reportArgumentType]
    await keep_candidates(session, [one.meta.key for one in told])


@kpm.on_batch(UsahaRecorded)
async def keep_usaha(session: AsyncSession, told: list[Received[Event]]) -> None:
    """The family's businesses."""
    await keep(session, Usaha, told)
    await keep_candidates(session, [one.meta.key for one in told])


@kpm.on_batch(KepesertaanStarted, KepesertaanEnded, KepesertaanRestored)
async def keep_kepesertaan(session: AsyncSession, told: list[Received[Event]]) -> None:
    """What a case may end; the end confirms an effect, a restoration takes it back."""
    await keep(session, Kepesertaan, told)
    await keep_candidates(session, [one.meta.key for one in told])


@kpm.on_batch(DampinganStarted, DampinganChanged, DampinganEnded)
async def keep_dampingan(session: AsyncSession, told: list[Received[DampinganFacts]]) -> None:
    """Who may act on the family, and who holds its tasks."""
    await keep(session, Dampingan, told)  # pyright: ignore[reportArgumentType]


@rujukan.on_batch(RujukanOpened)
async def keep_rujukan(session: AsyncSession, told: list[Received[RujukanOpened]]) -> None:
    """The other half of: each exit that opens a rujukan has exactly one. What follows a relapse is another."""
    firsts = [one for one in told if one.event.purpose is RujukanPurpose.PASCAGRADUASI]
    await keep(session, Rujukan, firsts)  # pyright: ignore[reportArgumentType]


@rujukan.on_batch(RujukanSent)
async def keep_sent(session: AsyncSession, told: list[Received[Event]]) -> None:
    """What a partner's system has."""
    await keep_program(session, told, "sent_on")


@rujukan.on_batch(RujukanAnswered)
async def keep_answer(session: AsyncSession, told: list[Received[Event]]) -> None:
    """What the partner said; later states do not take it back."""
    await keep_program(session, told, "answered_on", answer="status")


@rujukan.on_batch(RujukanDelivered)
async def keep_delivery(session: AsyncSession, told: list[Received[Event]]) -> None:
    """What has reached the family."""
    await keep_program(session, told, "delivered_on", amount_rp="amount_rp")


@rujukan.on_batch(RujukanWithdrawn)
async def keep_withdrawal(session: AsyncSession, told: list[Received[Event]]) -> None:
    """What was taken back."""
    await keep_program(session, told, "withdrawn_on")


async def keep_program(session: AsyncSession, told: list[Received[Event]], dated: str, **also: str) -> None:
    """Write how an offer stands, and what this fact dates; what other facts said of it stays."""
    names = (*PROGRAM, dated)
    rows: list[dict[str, object]] = []
    for one in told:
        fields = one.event.model_dump(mode="json")
        rows.append({name: fields[name] for name in names} | {name: fields[at] for name, at in also.items()})
    await upsert(session, RujukanProgram, rows, key=["rujukan_program_id"])


@exits.on(ExitProposed)
async def open_short_case(session: AsyncSession, event: ExitProposed, meta: Meta) -> None:
    """A death, a move, a double or a family not found: a case under its proposer, of what the fact itself says."""
    await hear_exit(session, event, meta.occurred_at.astimezone(JAKARTA).date())


@exits.on_batch(KpmUpdated)
async def take_cases_along(session: AsyncSession, told: list[Received[KpmUpdated]]) -> None:
    """Where a family lives now its standing cases are decided and seen to; heard with each word of the family."""
    await follow_families(session, {one.event.kpm_id: one.event.kode_wilayah for one in told})


@exits.on(ExitProposalWithdrawn)
async def cancel_short_case(session: AsyncSession, event: ExitProposalWithdrawn, meta: Meta) -> None:
    """Its proposer takes it back: the case falls away, unless an SK was faster."""
    del meta
    await hear_withdrawal(session, event)


@relapse.on(RelapseReported)
async def look_at_family(session: AsyncSession, event: RelapseReported, meta: Meta) -> None:
    """Somebody says that the family may have fallen back: whoever accompanies it looks, and confirms or not."""
    del meta
    await ask_for_check(session, event.graduasi_id)


@relapse.on(OutcomeRecorded)
async def look_after_bad_outcome(session: AsyncSession, event: OutcomeRecorded, meta: Meta) -> None:
    """The business that the aid went to is no more: the same."""
    del meta
    if not event.still_in_business:
        await ask_for_check(session, event.graduasi_id)


SUBSCRIPTIONS = [pendamping, kpm, rujukan, exits, relapse]
