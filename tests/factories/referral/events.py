"""Events of the other services about a family, for referral."""

import base64
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.caseload import DampinganStarted, Desil, IdentitySealed, KpmRegistered, UsahaRecorded
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiDetermined,
    KpmGraduated,
    RelapseConfirmed,
    RelapseReversed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    Ditjen,
    EmployerStatus,
    ExitReason,
    KomponenKind,
    PendampingStatus,
    PilarKind,
    SanggahOutcome,
    Sex,
    SubjectKind,
    UsahaSector,
)
from shared.contracts.registry import PendampingRegistered, PenugasanStarted, WilayahTugasPlaced
from shared.events import Event
from shared.privacy import SealingKey, seal_to
from tests.factories.cluster import START
from tests.factories.services import Running

DESA = "33.24.09.2001"
TODAY = START.date()
NIK = "3324075211879001"
OWNER_NIK = "3324071203849002"
PERSON = {"nik": NIK, "name": "Siti Contoh", "phone": "081200009001"}


@dataclass
class Family:
    """A family of the tests."""

    kpm_id: UUID = field(default_factory=uuid4)
    graduasi_id: UUID = field(default_factory=uuid4)
    pendamping_id: UUID = field(default_factory=uuid4)
    penugasan_id: UUID = field(default_factory=uuid4)
    area: str = DESA
    usaha_from: date | None = TODAY - timedelta(days=1150)
    desil: int = 5
    pengurus_id: UUID = field(default_factory=uuid4)
    owner_id: UUID | None = None  # by default the pengurus

    @property
    def persons(self) -> list[UUID]:
        """The pengurus, and the owner of the business if it is another member."""
        return list(dict.fromkeys([self.pengurus_id, self.owner_id or self.pengurus_id]))


def build_identity_sealed(referral: Running, family: Family, for_id: UUID, **person: Any) -> IdentitySealed:
    """Return an identity sealed for referral, as by caseload."""
    key = SealingKey.read(referral.cluster.folder / "keys" / "referral")[0]
    blob = seal_to(key.public_key, build_identity(family) | person, "referral", for_id, key.key_id)
    text = base64.b64encode(blob).decode()
    return IdentitySealed(
        recipient="referral", for_id=for_id, kpm_id=family.kpm_id, key_id=key.key_id, ciphertext=text
    )


def build_identity(family: Family) -> dict[str, Any]:
    """Return the fields of an identity in clear text."""
    people = [
        {"relation": "ISTRI", "nik": NIK, "name": PERSON["name"]},
        {"relation": "KEPALA_KELUARGA", "nik": OWNER_NIK, "name": "Budi Contoh"},
    ]
    named = zip(family.persons, people, strict=False)
    return PERSON | {"persons": [{"anggota_id": str(one), **person} for one, person in named]}


def build_family_facts(family: Family) -> list[Event]:
    """Return caseload's events of a family."""
    events: list[Event] = [
        KpmRegistered(
            kpm_id=family.kpm_id,
            kode_wilayah=family.area,
            members=4,
            able_productive=2,
            lansia=0,
            disabilitas=0,
            komponen={KomponenKind.ANAK_SMA: 1},
            desil=[
                Desil(scope=DesilScope.NAS, value=3, snapshot="2025-Q3"),
                Desil(scope=DesilScope.NAS, value=family.desil, snapshot="2026-Q1"),
                Desil(scope=DesilScope.KABKOTA, value=9, snapshot="2026-Q2"),
            ],
            pengurus_sex=Sex.P,
            pengurus_birth_year=1987,
            pengurus_married=True,
            pengurus_id=family.pengurus_id,
        ),
        DampinganStarted(
            dampingan_id=uuid4(),
            kpm_id=family.kpm_id,
            kode_wilayah=family.area,
            pendamping_id=family.pendamping_id,
            penugasan_id=family.penugasan_id,
            kind=PilarKind.PKH_PENDAMPING,
            purpose=DampinganPurpose.PENDAMPINGAN,
            valid_from=TODAY - timedelta(days=400),
        ),
        *build_pendamping_facts(family),
    ]
    return events if family.usaha_from is None else [*events, build_usaha_recorded(family, family.usaha_from)]


def build_pendamping_facts(family: Family) -> list[Event]:
    """Return registry's events of the family's pendamping: AKTIF, placed in the area."""
    since = TODAY - timedelta(days=500)
    return [
        PendampingRegistered(
            pendamping_id=family.pendamping_id,
            pendamping_no=f"PS-{family.pendamping_id.int % 10**8:08d}",
            subject=SubjectKind.PERSON,
            status=PendampingStatus.AKTIF,
            from_on=since,
        ),
        PenugasanStarted(
            penugasan_id=family.penugasan_id,
            pendamping_id=family.pendamping_id,
            kind=PilarKind.PKH_PENDAMPING,
            ditjen=Ditjen.LINJAMSOS,
            employer_status=EmployerStatus.PPPK,
            valid_from=since,
        ),
        WilayahTugasPlaced(
            wilayah_tugas_id=uuid4(),
            penugasan_id=family.penugasan_id,
            pendamping_id=family.pendamping_id,
            kode_wilayah=".".join(family.area.split(".")[:3]),
            valid_from=since,
        ),
    ]


def build_usaha_recorded(family: Family, started_on: date, **changes: Any) -> UsahaRecorded:
    """Return the event of a business of the family."""
    fields: dict[str, Any] = {
        "usaha_id": uuid4(),
        "kpm_id": family.kpm_id,
        "kode_wilayah": family.area,
        "owner_sex": Sex.P,
        "owner_birth_year": 1987,
        "owner_married": True,
        "sector": UsahaSector.PERDAGANGAN,
        "started_on": started_on,
        "omzet_rp": 9_000_000,
        "has_nib": False,
        "has_letter": True,
        "owner_id": family.owner_id or family.pengurus_id,
    }
    return UsahaRecorded(**fields | changes)


def build_case_fields(family: Family) -> dict[str, Any]:
    """Return the fields that all events of the family's case have."""
    return {
        "graduasi_id": family.graduasi_id,
        "kpm_id": family.kpm_id,
        "kode_wilayah": family.area,
        "kepesertaan_id": uuid4(),
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason.SEJAHTERA_MANDIRI,
    }


def build_graduasi_determined(family: Family, **changes: Any) -> GraduasiDetermined:
    """Return the event that opens a rujukan."""
    fields = build_case_fields(family) | {
        "sk_id": uuid4(),
        "sk_no": "SK-GRAD/33.24/2026/001",
        "sk_on": TODAY - timedelta(days=2),
        "term_ends_on": TODAY + timedelta(days=28),
        "effective_tahap": "2026-3",
        "effective_on": TODAY + timedelta(days=42),
        "opens_rujukan": True,
    }
    return GraduasiDetermined(**fields | changes)


def build_kpm_graduated(family: Family, **changes: Any) -> KpmGraduated:
    """Return the event of the effect, which releases waiting offers."""
    fields = build_case_fields(family) | {
        "effective_on": TODAY,
        "effective_tahap": "2026-3",
        "last_payable_tahap": "2026-2",
        "certificate_no": "SG-3324-2026-000001",
    }
    return KpmGraduated(**fields | changes)


def build_family_fields(family: Family) -> dict[str, Any]:
    """Return the family fields of a case's events."""
    return {"graduasi_id": family.graduasi_id, "kpm_id": family.kpm_id, "kode_wilayah": family.area}


def build_sanggah_lodged(family: Family, sanggah_id: UUID, *, suspends: bool = True) -> SanggahLodged:
    """Return the event of an objection in term."""
    fields = {"sanggah_id": sanggah_id, "kepesertaan_id": uuid4(), "lodged_on": TODAY, "suspends": suspends}
    return SanggahLodged(**build_family_fields(family), **fields)


def build_sanggah_decided(family: Family, sanggah_id: UUID, outcome: SanggahOutcome) -> SanggahDecided:
    """Return the event of a decided objection."""
    fields = {"sanggah_id": sanggah_id, "kepesertaan_id": uuid4(), "outcome": outcome, "decided_on": TODAY}
    return SanggahDecided(**build_family_fields(family), **fields)


def build_graduasi_annulled(family: Family) -> GraduasiAnnulled:
    """Return the event of an annulled penetapan."""
    fields: dict[str, Any] = {
        "kepesertaan_id": uuid4(),
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason.SEJAHTERA_MANDIRI,
        "reason": "SANGGAH_DITERIMA",
        "was_effective": False,
        "back_pay_tahap": [],
        "annulled_on": TODAY,
    }
    return GraduasiAnnulled(**build_family_fields(family), **fields)


def build_relapse_confirmed(family: Family) -> RelapseConfirmed:
    """Return the event of a confirmed relapse."""
    return RelapseConfirmed(**build_family_fields(family), month=4, cause="USAHA_TUTUP", confirmed_on=TODAY)


def build_relapse_reversed(family: Family) -> RelapseReversed:
    fields = build_family_fields(family)
    return RelapseReversed(**fields, month=4, confirmed_on=TODAY, reversed_on=TODAY)
