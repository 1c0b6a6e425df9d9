"""Events of other services, delivered to registry by the real relay, log and cursor."""

import random
from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts.caseload import (
    DampinganLimitCrossed,
    DampinganStarted,
    Desil,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KpmRegistered,
)
from shared.contracts.caseload_activity import KunjunganRecorded, P2k2Held
from shared.contracts.graduation import (
    CreditGranted,
    CreditReversed,
    GraduasiAnnulled,
    GraduasiDetermined,
    KpmGraduated,
    MonitoringRecorded,
    RelapseConfirmed,
    RelapseReversed,
)
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    ExitReason,
    LimitSide,
    MonitoringOutcome,
    PilarKind,
)
from shared.database import uuid7
from shared.events import Event
from tests.factories.delivery import append_log_again, apply_records, relay
from tests.factories.registry import commands
from tests.factories.services import Running

Row = dict[str, Any]


async def deliver_events(
    registry: Running, *events: Event, times: int = 1, rng: random.Random | None = None
) -> None:
    """Deliver events of other services to registry, `times` times.

    They are published from registry's own outbox. `rng` shuffles the order of the topics.
    """
    await registry.publish(*events)
    await relay(registry)
    topics = {event.topic for event in events}
    for _ in range(times):
        deliveries = [
            (subscription, topic)
            for subscription in registry.parts.subscriptions
            for topic in subscription.topics
            if topic in topics
        ]
        if rng:
            rng.shuffle(deliveries)
        for subscription, topic in deliveries:
            await apply_records(registry, subscription, {topic: registry.worker})
        if times > 1:
            await append_log_again(registry)


async def read_scorecard(
    registry: Running, pendamping: Row, year: int = 2026, as_: str = ""
) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/scorecard?year={year}"
    return commands.expect_ok(await registry.get(path, as_=as_ or commands.ministry_token(registry)))


def build_credit_granted(
    pendamping: Row, penugasan: Row, reason: str = "SEJAHTERA_MANDIRI", **overrides: Any
) -> CreditGranted:
    return CreditGranted(
        **{
            "credit_id": uuid7(),
            "graduasi_id": uuid7(),
            "pendamping_id": pendamping["pendamping_id"],
            "penugasan_id": penugasan["penugasan_id"],
            "year": 2026,
            "exit_reason": ExitReason(reason),
            "kode_wilayah": commands.KELURAHAN,
            "rule_version": 1,
        }
        | overrides
    )


def build_credit_reversed(granted: CreditGranted) -> CreditReversed:
    return CreditReversed(**granted.model_dump(), reason="DIPULIHKAN")


def build_dampingan_started(
    pendamping: Row, penugasan: Row, *, valid_from: date, kpm_id: UUID | None = None
) -> DampinganStarted:
    return DampinganStarted(
        dampingan_id=uuid7(),
        kpm_id=kpm_id or uuid7(),
        kode_wilayah=commands.KELURAHAN,
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        kind=PilarKind.PKH_PENDAMPING,
        purpose=DampinganPurpose.PENDAMPINGAN,
        valid_from=valid_from,
    )


def build_kunjungan_recorded(pendamping: Row, penugasan: Row, on: date) -> KunjunganRecorded:
    return KunjunganRecorded(
        kunjungan_id=uuid7(),
        kpm_id=uuid7(),
        kode_wilayah=commands.KELURAHAN,
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        on=on,
    )


def build_p2k2_held(pendamping: Row, penugasan: Row, on: date, invited: int, attended: int) -> P2k2Held:
    return P2k2Held(
        p2k2_sesi_id=uuid7(),
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        kode_wilayah=commands.KELURAHAN,
        on=on,
        invited=invited,
        attended=attended,
    )


def build_limit_crossed(pendamping: Row, penugasan: Row, count: int, side: str) -> DampinganLimitCrossed:
    return DampinganLimitCrossed(
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        count=count,
        limit=450,
        side=LimitSide(side),
    )


def build_graduasi_determined(
    pendamping: Row | None, reason: str = "SEJAHTERA_MANDIRI", **overrides: Any
) -> GraduasiDetermined:
    return GraduasiDetermined(
        **{
            "graduasi_id": uuid7(),
            "kpm_id": uuid7(),
            "kode_wilayah": commands.KELURAHAN,
            "kepesertaan_id": uuid7(),
            "bansos": Bansos.PKH,
            "exit_reason": ExitReason(reason),
            "sk_id": uuid7(),
            "sk_no": "1/SK/2026",
            "sk_on": date(2026, 5, 22),
            "term_ends_on": date(2026, 6, 21),
            "effective_tahap": "2026-4",
            "effective_on": date(2026, 10, 1),
            "opens_rujukan": True,
            "pendamping_id": pendamping["pendamping_id"] if pendamping else None,
        }
        | overrides
    )


def build_case_fields(case: GraduasiDetermined, *names: str) -> dict[str, Any]:
    return {name: getattr(case, name) for name in ("graduasi_id", "kpm_id", "kode_wilayah", *names)}


def build_kpm_graduated(case: GraduasiDetermined) -> KpmGraduated:
    return KpmGraduated(
        **build_case_fields(
            case, "kepesertaan_id", "bansos", "exit_reason", "effective_on", "effective_tahap"
        ),
        last_payable_tahap="2026-3",
        certificate_no="PLR-2026-X",
    )


def build_graduasi_annulled(case: GraduasiDetermined, *, was_effective: bool = False) -> GraduasiAnnulled:
    return GraduasiAnnulled(
        **build_case_fields(case, "kepesertaan_id", "bansos", "exit_reason"),
        reason="SANGGAH_DITERIMA",
        was_effective=was_effective,
        back_pay_tahap=[],
        annulled_on=date(2026, 6, 20),
    )


def build_monitoring_recorded(
    case: GraduasiDetermined, month: int, still_out: bool = True
) -> MonitoringRecorded:
    return MonitoringRecorded(
        **build_case_fields(case), month=month, still_out=still_out, recorded_on=date(2026, 12, 1)
    )


def monitoring_ended(case: GraduasiDetermined) -> MonitoringRecorded:
    """Return the event that a family's only member died during its monitoring."""
    outcome = MonitoringOutcome.MENINGGAL
    return build_monitoring_recorded(case, 0).model_copy(update={"completes": True, "outcome": outcome})


def build_relapse_confirmed(case: GraduasiDetermined, month: int) -> RelapseConfirmed:
    return RelapseConfirmed(
        **build_case_fields(case), month=month, cause="USAHA_TUTUP", confirmed_on=date(2026, 12, 1)
    )


def build_relapse_reversed(case: GraduasiDetermined, month: int) -> RelapseReversed:
    days = {"confirmed_on": date(2026, 12, 1), "reversed_on": date(2026, 12, 20)}
    return RelapseReversed(**build_case_fields(case), month=month, **days)


def build_kpm_registered(kode_wilayah: str = commands.KELURAHAN, **overrides: Any) -> KpmRegistered:
    return KpmRegistered(
        **{
            "kpm_id": uuid7(),
            "kode_wilayah": kode_wilayah,
            "members": 4,
            "able_productive": 2,
            "lansia": 0,
            "disabilitas": 0,
            "komponen": {},
            "desil": [Desil(scope=DesilScope.NAS, value=3, snapshot="2026-Q1")],
        }
        | overrides
    )


def build_kepesertaan_started(
    kpm: KpmRegistered, valid_from: date = date(2019, 1, 1), bansos: str = "PKH"
) -> KepesertaanStarted:
    return KepesertaanStarted(
        kepesertaan_id=uuid7(),
        kpm_id=kpm.kpm_id,
        kode_wilayah=kpm.kode_wilayah,
        bansos=Bansos(bansos),
        valid_from=valid_from,
    )


def build_kepesertaan_ended(
    started: KepesertaanStarted, valid_to: date, reason: str = "SEJAHTERA_MANDIRI"
) -> KepesertaanEnded:
    return KepesertaanEnded(
        **started.model_dump(), valid_to=valid_to, exit_reason=ExitReason(reason), graduasi_id=uuid7()
    )


def build_kepesertaan_restored(ended: KepesertaanEnded, valid_to: date | None = None) -> KepesertaanRestored:
    """Return a restoration without an end, or until `valid_to`, where the next membership starts."""
    fields: dict[str, Any] = {name: getattr(ended, name) for name in KepesertaanRestored.model_fields}
    return KepesertaanRestored(**fields | {"valid_to": valid_to})
