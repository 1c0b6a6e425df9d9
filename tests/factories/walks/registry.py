"""A walk through registry."""

from typing import Any

from shared.access import Role
from tests.factories.cluster import Cluster
from tests.factories.graduation.events import KENDAL
from tests.factories.referral.events import TODAY
from tests.factories.registry import commands
from tests.factories.services import Running
from tests.factories.walks.platform import Tokens, create_tokens, read_success, walk_requests


async def walk_registry(service: Running, _: Cluster) -> Tokens:
    """Use the operations of registry, and return the tokens used."""
    pendamping, penugasan = await commands.register_placed_pendamping(service)
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    me = service.token("PENDAMPING", "pendamping-s", [KENDAL], pendamping_id=pendamping["pendamping_id"])
    tokens = create_tokens(service, PENDAMPING=me)
    ministry = tokens[Role.KEMENSOS]
    for read in ("/v1/pendamping", path, f"{path}/scorecard?year=2026"):
        read_success(await service.get(read, as_=ministry))
    read_success(await service.post("/v1/pendamping/look-up", {"nik": commands.NIK}, as_=ministry))
    asked = {"pendamping_ids": [pendamping["pendamping_id"]]}
    read_success(await service.post("/v1/pendamping/names", asked, as_=ministry))
    read_success(await service.get("/v1/wilayah?kode_wilayah=33.24&level=3"))
    target = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 10, "basis": "Kerangka kerja"}
    read_success(await service.post("/v1/target", target, as_=ministry))
    read_success(await service.get("/v1/target?year=2026", as_=ministry))
    read_success(await service.get("/v1/coverage?kode_wilayah=33.24.09&year=2026", as_=ministry))
    read_success(await service.post("/v1/coverage-count", as_=ministry))
    await service.work()
    read_success(await service.get("/v1/coverage-count?kode_wilayah=33", as_=ministry))
    await change_kinds_and_contact(service, tokens, pendamping)
    area = read_success(await commands.place_wilayah_tugas(service, penugasan, "33.24.08"))
    end = {"valid_to": str(TODAY), "reason": "PINDAH_TUGAS"}
    read_success(await service.post(f"/v1/wilayah-tugas/{area['wilayah_tugas_id']}/end", end, as_=ministry))
    read_success(await commands.restore_range(service, "wilayah-tugas", area["wilayah_tugas_id"]))
    _, other = await commands.register_placed_pendamping(service, "3324075211879002")
    read_success(await service.post(f"/v1/penugasan/{other['penugasan_id']}/end", end, as_=ministry))
    read_success(await commands.restore_range(service, "penugasan", other["penugasan_id"]))
    read_success(await commands.correct_penugasan(service, other, sk_no="2/SK/2025"))
    await reverse_death(service, tokens)
    return tokens


async def reverse_death(service: Running, tokens: Tokens) -> None:
    """Dismiss a pendamping, and undo the death of another that was recorded in error."""
    dismissed, _ = await commands.register_placed_pendamping(service, "3324075211879003")
    read_success(await commands.change_status(service, dismissed, "DIBERHENTIKAN"))
    dead, _ = await commands.register_placed_pendamping(service, "3324075211879004")
    died_on = read_success(await commands.change_status(service, dead, "MENINGGAL"))["status_from_on"]
    office = tokens[Role.DINSOS_KABKOTA]

    def request() -> Any:
        return commands.request_status_reversal(service, dead, "MENINGGAL", died_on, as_=office)

    await walk_requests(service, request, office)


async def change_kinds_and_contact(service: Running, tokens: Tokens, pendamping: dict[str, Any]) -> None:
    """Revise a kind, end another with a successor, and change a phone."""
    ministry = tokens[Role.KEMENSOS]
    kinds = read_success(
        await service.get("/v1/pilar-kind?on=2026-01-01&kind=REHSOS_TUNSOS_KPO", as_=ministry)
    )
    end = {"valid_to": "2026-07-01", "successor_kind": "REHSOS_PENDAMPING", "reason": "RESTRUKTURISASI"}
    kind_id = kinds["items"][0]["pilar_kind_id"]
    read_success(await service.post(f"/v1/pilar-kind/{kind_id}/end", end, as_=ministry))
    revision = {"kind": "TKSK", "name": "TKSK", "ditjen": "DAYASOS", "level": "KECAMATAN"}
    revision |= {"held_by": "PERSON", "source": "Permensos 28/2018", "valid_from": "2026-07-01"}
    read_success(await service.post("/v1/pilar-kind", revision, as_=ministry))
    pair = {"kind": "TKSK", "other_kind": "PSM", "paid_only": True, "source": "Permensos 28/2018"}
    pair |= {"reason_en": "no second post", "reason_id": "tidak boleh rangkap", "valid_from": "2026-01-01"}
    conflict = read_success(await service.post("/v1/role-conflict", pair, as_=ministry))
    read_success(await service.get("/v1/role-conflict?kind=TKSK&on=2026-02-01", as_=ministry))
    stop = {"valid_to": "2026-07-01", "reason": "DICABUT"}
    read_success(
        await service.post(f"/v1/role-conflict/{conflict['role_conflict_id']}/end", stop, as_=ministry)
    )
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    version = read_success(await service.get(path, as_=ministry))["version"]
    phone = {"phone": "+62 811 1111 0002", "reason": "NOMOR_BARU"}
    match = {"If-Match": f'"{version}"'}
    changed = read_success(await service.post(f"{path}/contact", phone, as_=ministry, headers=match))
    scan = await service.put_file(b"ktp", as_=ministry)
    nik = {"nik": "3324075211879009", "reason": "SALAH_KETIK", "evidence_sha256": scan}
    match = {"If-Match": f'"{changed["version"]}"'}
    read_success(await service.post(f"{path}/nik", nik, as_=ministry, headers=match))
