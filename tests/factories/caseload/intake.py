"""Pendamping as events of registry, and intake files. All NIK are synthetic."""

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from services.caseload.intake.rules.csv_file import COLUMNS
from shared.access import Role
from shared.contracts.kinds import Ditjen, EmployerStatus, PendampingStatus, PilarKind, SubjectKind
from shared.contracts.registry import PendampingRegistered, PenugasanStarted, WilayahTugasPlaced
from shared.events import Event
from tests.factories.services import Running

SPACE = UUID("0199a000-0000-7000-8000-000000000000")
DESA, OTHER_DESA, FAR_DESA = "33.24.09.2011", "33.24.09.2004", "35.03.01.2001"
PENDAMPING, PENUGASAN = uuid5(SPACE, "s"), uuid5(SPACE, "s-placed")
OTHER, OTHER_PENUGASAN = uuid5(SPACE, "t"), uuid5(SPACE, "t-placed")
PENDAMPING_NO, OTHER_NO = "PD-00000S", "PD-00000T"


def pendamping(
    id_: UUID = PENDAMPING,
    no: str = PENDAMPING_NO,
    penugasan_id: UUID = PENUGASAN,
    area: str = "33.24",
    status: PendampingStatus = PendampingStatus.AKTIF,
    kind: PilarKind = PilarKind.PKH_PENDAMPING,
) -> list[Event]:
    """Return the events of a pendamping with a placement and its area."""
    since = date(2026, 1, 1)
    return [
        PendampingRegistered(
            pendamping_id=id_, pendamping_no=no, subject=SubjectKind.PERSON, status=status, from_on=since
        ),
        PenugasanStarted(
            penugasan_id=penugasan_id,
            pendamping_id=id_,
            kind=kind,
            ditjen=Ditjen.LINJAMSOS,
            employer_status=EmployerStatus.PPPK,
            valid_from=since,
        ),
        WilayahTugasPlaced(
            wilayah_tugas_id=uuid5(SPACE, f"{penugasan_id}{area}"),
            penugasan_id=penugasan_id,
            pendamping_id=id_,
            kode_wilayah=area,
            valid_from=since,
        ),
    ]


def nik(number: int, *, female: bool = False, born: date = date(1985, 5, 17)) -> str:
    """Return a synthetic NIK with a serial from 9000."""
    day = born.day + (40 if female else 0)
    return f"3324{number // 1000 % 70 + 1:02d}{day:02d}{born:%m%y}{9000 + number % 1000:04d}"


def no_kk(number: int) -> str:
    """Return a synthetic No. KK."""
    return f"3324{number // 1000 % 70 + 1:02d}010119{9000 + number % 1000:04d}"


def member(family: int, place: int, **more: str) -> dict[str, str]:
    """Return a row: place 0 is the pengurus, a woman, 1 her husband, then children."""
    born = [date(1987, 11, 12), date(1985, 3, 2), date(2009, 6, 1), date(2016, 8, 9)][min(place, 3)]
    female = place == 0
    row = dict.fromkeys(COLUMNS, "") | {
        "no_kk": no_kk(family),
        "nik": nik(family * 10 + place, female=female, born=born),
        "name": f"Contoh {family} {place}",
        "sex": "P" if female else "L",
        "birth_date": born.isoformat(),
        "relation": ["ISTRI", "KEPALA_KELUARGA", "ANAK", "ANAK"][min(place, 3)],
        "married": "YA" if place < 2 else "TIDAK",
        "pengurus": "YA" if female else "TIDAK",
        "kode_wilayah": DESA,
    }
    if female:
        row |= {"address": "Dusun Krajan RT 2", "phone": "081234567890", "bansos": "PKH:2019-02-01"}
        row |= {"desil": "NAS:4:2025-Q4"}
    return row | more


def family(number: int, size: int = 2, **pengurus: str) -> list[dict[str, str]]:
    """Return the rows of one family."""
    return [member(number, place, **(pengurus if place == 0 else {})) for place in range(size)]


def mother(**more: str) -> list[dict[str, str]]:
    """Return the family of scenario 2: a mother with a warung and three others."""
    pengurus = {
        "nik": "3324075211879001",
        "name": "Ibu Contoh",
        "bansos": "PKH:2019-02-01|SEMBAKO:2020-01-01|PBI:2019-01-01",
        "desil": "NAS:3:2025-Q3|NAS:4:2025-Q4|NAS:5:2026-Q1",
        "pendamping_no": PENDAMPING_NO,
        "usaha_sector": "MAKANAN",
        "usaha_started_on": "2023-03-01",
        "usaha_omzet_rp": "9000000",
        "usaha_letter": "YA",
    }
    rows = family(900, 4, **(pengurus | more))
    rows[2]["komponen"], rows[3]["komponen"] = "ANAK_SMA:2027-06-30", "ANAK_SD:2028-06-30"
    return rows


def build_csv(*families: list[dict[str, str]], delimiter: str = ",", newline: str = "\n") -> bytes:
    """Return families as an intake file."""
    lines = [delimiter.join(COLUMNS)]
    lines += [delimiter.join(row[column] for column in COLUMNS) for rows in families for row in rows]
    return (newline.join(lines) + newline).encode()


def dinsos_token(service: Running, area: str = "33.24") -> str:
    """Return the token of a kabupaten's Dinsos."""
    return service.token(Role.DINSOS_KABKOTA, "dinsos-kendal-1", [area])


def pendamping_token(service: Running, id_: UUID = PENDAMPING) -> str:
    """Return a pendamping's token."""
    return service.token(Role.PENDAMPING, f"pendamping-{str(id_)[:4]}", ["33.24"], pendamping_id=id_)


async def request_intake(
    service: Running,
    content: bytes,
    *,
    dry_run: bool = False,
    as_: str | None = None,
    as_of: str | None = None,
) -> str:
    """Upload a file, request its intake and return the job's address."""
    token = as_ or dinsos_token(service)
    sha256 = await service.put_file(content, as_=token)
    body: dict[str, Any] = {"sha256": sha256, "dry_run": dry_run} | ({"as_of": as_of} if as_of else {})
    answer = await service.post("/v1/intake", body, as_=token)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"])


async def import_file(
    service: Running,
    content: bytes,
    *,
    dry_run: bool = False,
    as_: str | None = None,
    as_of: str | None = None,
) -> dict[str, Any]:
    """Import a file and return the ended job with its listed rows."""
    token = as_ or dinsos_token(service)
    job = await request_intake(service, content, dry_run=dry_run, as_=token, as_of=as_of)
    await service.work()
    ended = (await service.get(job, as_=token)).json()
    assert ended["state"] == "DONE", ended
    rows = {
        name: (await service.get(f"{job}/{name}?limit=200", as_=token)).json()["items"]
        for name in ("errors", "warnings", "changes")
    }
    return ended | {
        name: [(row["row"], row["column"], row["code"]) for row in items] for name, items in rows.items()
    }


async def read_emitted_events(service: Running) -> list[tuple[str, dict[str, Any]]]:
    """Return the emitted events as short names and data."""
    return [(envelope["type"].split(".")[1], envelope["data"]) for envelope in await service.read_envelopes()]


async def read_kpm_id(service: Running, nik_: str) -> str:
    """Return the family's id of a NIK."""
    answer = await service.post("/v1/kpm/look-up", {"nik": nik_}, as_=service.token(Role.KEMENSOS))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["kpm_id"])
