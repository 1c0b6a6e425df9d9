"""Events of the other services, and their application by graduation."""

from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts import caseload, referral, registry
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    Ditjen,
    EmployerStatus,
    PendampingStatus,
    PilarKind,
    Sex,
    SubjectKind,
    UsahaSector,
)
from shared.database import uuid7
from shared.events import Event
from tests.factories.delivery import apply_records, relay
from tests.factories.services import Running

DESA = "33.24.09.2013"
KENDAL = "33.24"


async def apply_events(service: Running, *events: Event, without: str = "") -> None:
    """Let graduation apply events of the other services.

    They are published in graduation's own outbox. Relay and cursor are real. `without` names a subscription that reads
    them later.
    """
    await service.publish(*events)
    await relay(service)
    topics = {event.topic: service.worker for event in events}
    for subscription in service.parts.subscriptions:
        if subscription.name != without:
            await apply_records(service, subscription, topics)


class Field:
    """A pendamping and their families in graduation's replicas."""

    def __init__(self, service: Running, kode_wilayah: str = DESA) -> None:
        self.service, self.area = service, kode_wilayah
        self.pendamping_id, self.penugasan_id = uuid7(), uuid7()

    @property
    def token(self) -> str:
        return self.service.token(
            "PENDAMPING",
            f"pendamping-{self.pendamping_id}",
            [self.area[:5]],
            pendamping_id=self.pendamping_id,
        )

    async def start(self, status: PendampingStatus = PendampingStatus.AKTIF) -> "Field":
        own: dict[str, Any] = {"pendamping_id": self.pendamping_id}
        kind, since = PilarKind.PKH_PENDAMPING, date(2025, 1, 1)
        await apply_events(
            self.service,
            registry.PendampingRegistered(
                **own, pendamping_no="PD-1", subject=SubjectKind.PERSON, status=status, from_on=since
            ),
            registry.PenugasanStarted(
                **own,
                penugasan_id=self.penugasan_id,
                kind=kind,
                ditjen=Ditjen.LINJAMSOS,
                employer_status=EmployerStatus.PPPK,
                valid_from=since,
            ),
            registry.WilayahTugasPlaced(
                **own,
                wilayah_tugas_id=uuid7(),
                penugasan_id=self.penugasan_id,
                kode_wilayah=self.area,
                valid_from=since,
            ),
        )
        return self

    def build_dampingan(self, kpm_id: UUID, **more: Any) -> dict[str, Any]:
        return {
            "dampingan_id": uuid7(),
            "kpm_id": kpm_id,
            "kode_wilayah": self.area,
            "pendamping_id": self.pendamping_id,
            "penugasan_id": self.penugasan_id,
            "kind": PilarKind.PKH_PENDAMPING,
            "purpose": DampinganPurpose.PENDAMPINGAN,
            "valid_from": date(2025, 1, 1),
            **more,
        }

    async def family(self, **facts: Any) -> tuple[UUID, UUID]:
        """Create the family of scenario 2 and return kpm_id and kepesertaan_id.

        It has two children, a warung since 2023-03, and desil NAS 3, 4, 5.
        """
        kpm_id, kepesertaan_id = uuid7(), uuid7()
        where: dict[str, Any] = {"kpm_id": kpm_id, "kode_wilayah": self.area}
        desil = [
            caseload.Desil(scope=DesilScope.NAS, value=value, snapshot=snapshot)
            for value, snapshot in ((3, "2025-Q3"), (4, "2025-Q4"), (5, "2026-Q1"))
        ]
        fields = {
            "members": 4,
            "able_productive": 2,
            "lansia": 0,
            "disabilitas": 0,
            "komponen": {},
            "desil": desil,
        }
        await apply_events(
            self.service,
            caseload.KpmRegistered(**where, **{**fields, **facts}),
            caseload.UsahaRecorded(
                **where,
                usaha_id=uuid7(),
                owner_sex=Sex.P,
                owner_birth_year=1987,
                owner_married=True,
                sector=UsahaSector.PERDAGANGAN,
                started_on=date(2023, 3, 1),
                omzet_rp=9_000_000,
                has_nib=False,
                has_letter=True,
            ),
            caseload.KepesertaanStarted(
                **where, kepesertaan_id=kepesertaan_id, bansos=Bansos.PKH, valid_from=date(2019, 1, 1)
            ),
            caseload.DampinganStarted(**self.build_dampingan(kpm_id)),
        )
        return kpm_id, kepesertaan_id


def build_rujukan_opened(graduasi_id: str, kpm_id: UUID) -> referral.RujukanOpened:
    """Return the event of a graduate's rujukan."""
    return referral.RujukanOpened(
        rujukan_id=uuid7(),
        graduasi_id=UUID(graduasi_id),
        kpm_id=kpm_id,
        kode_wilayah=DESA,
        purpose=referral.RujukanPurpose.PASCAGRADUASI,
        exit_reason=referral.ExitReason.SEJAHTERA_MANDIRI,
    )
