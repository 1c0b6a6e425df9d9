"""Copies of registry's, caseload's and referral's facts, and the candidates computed from them."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.candidate.models import UNRANKED, Candidate
from services.graduation.replicas.models import (
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
from services.graduation.subscriptions import kpm, pendamping, rujukan
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganFacts,
    DampinganStarted,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KpmFacts,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)
from shared.contracts.kinds import DesilScope, RujukanPurpose
from shared.contracts.referral import (
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
from shared.database import raw, upsert
from shared.events import Event
from shared.messaging import Received
from shared.transaction import context_of

# The code of a kabupaten or kota: `33.24`.
KABKOTA = 5
COLUMNS = [column.key for column in Candidate.__table__.columns]
NEW = [name for name in COLUMNS if name != "kepesertaan_id"]


def _rank(scope: DesilScope) -> str:
    """The rank of a family by its newest desil of a scope."""
    newest = f"max(t.snapshot || lpad(t.value::text, 2, '0')) FILTER (WHERE t.scope = '{scope.value}')"
    return f"coalesce({UNRANKED} - right({newest}, 2)::int, {UNRANKED})"


# A family's desil are read once and its usaha once, however many memberships it has; and what says the same as before
# is not touched: a conflict locks its row and writes it to the log, also where nothing is changed then.
KEEP = f"""
INSERT INTO {{schema}}.candidate ({", ".join(COLUMNS)})
SELECT {", ".join(f"n.{name}" for name in COLUMNS)} FROM (
    SELECT m.kepesertaan_id, f.*, m.bansos, m.valid_from AS member_since, m.valid_to AS member_until
    FROM (
        SELECT k.kpm_id, k.kode_wilayah, left(k.kode_wilayah, {KABKOTA}) AS kabkota, k.able_productive,
            k.last_komponen_ends_on, d.*, u.*
        FROM {{schema}}.kpm k
        CROSS JOIN LATERAL (SELECT {_rank(DesilScope.NAS)} AS rank_nas, {_rank(DesilScope.PROV)} AS rank_prov,
            {_rank(DesilScope.KABKOTA)} AS rank_kabkota
            FROM jsonb_to_recordset(k.desil) AS t(scope text, value int, snapshot text)) AS d
        CROSS JOIN LATERAL (SELECT min(started_on) AS usaha_since FROM {{schema}}.usaha WHERE kpm_id = k.kpm_id) AS u
        WHERE k.kpm_id = ANY($1::text::uuid[]) OFFSET 0
    ) AS f JOIN {{schema}}.kepesertaan m ON m.kpm_id = f.kpm_id
) AS n LEFT JOIN {{schema}}.candidate c ON c.kepesertaan_id = n.kepesertaan_id
WHERE ({", ".join(f"c.{name}" for name in NEW)}) IS DISTINCT FROM ({", ".join(f"n.{name}" for name in NEW)})
ON CONFLICT (kepesertaan_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in NEW)}
"""  # noqa: S608 (our own words)


async def keep_candidates(session: AsyncSession, kpm_ids: Iterable[object]) -> None:
    """Write what is now known of these families' memberships; a family whose other half has not come has none yet.

    Honours a rebuild: the schema is the one that the session fills.
    """
    schema = context_of(session).schema_of("replica_kpm")
    # Fast path: one statement for the families of a batch (bench: delivery).
    connection = await raw(session)
    await session.flush()
    # As one text: the driver looks at each element of an array, twice.
    families = ",".join(sorted({str(one) for one in kpm_ids}))
    await connection.execute(KEEP.format(schema=schema), f"{{{families}}}")


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
