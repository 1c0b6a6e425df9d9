"""A walk through caseload."""

from datetime import timedelta
from typing import Any

from shared.access import Role
from tests.factories.caseload import intake as families
from tests.factories.cluster import Cluster
from tests.factories.delivery import deliver
from tests.factories.referral.events import TODAY
from tests.factories.services import Running, run_service
from tests.factories.walks.family import walk_family
from tests.factories.walks.platform import Tokens, create_tokens, read_success


async def walk_caseload(service: Running, cluster: Cluster) -> Tokens:
    """Import families, accompany and visit one, and give another a pendamping."""
    async with run_service(cluster, "registry") as publisher:
        second = families.pendamping(families.OTHER, families.OTHER_NO, families.OTHER_PENUGASAN)
        await publisher.publish(*families.pendamping(), *second)
        await deliver(publisher, service)
    tokens = create_tokens(service, PENDAMPING=families.pendamping_token(service))
    dinsos, mine = tokens[Role.DINSOS_KABKOTA], tokens[Role.PENDAMPING]
    rows = [families.family(number) for number in range(1, 6)]
    await families.import_file(service, families.build_csv(families.mother(), *rows))
    look = {"nik": families.mother()[0]["nik"]}
    kpm_id = read_success(await service.post("/v1/kpm/look-up", look, as_=dinsos))["kpm_id"]
    for part in ("", "/overview", "/history", "/kepesertaan", "/tahap?bansos=PKH", "/tahap-list"):
        read_success(await service.get(f"/v1/kpm/{kpm_id}{part}", as_=dinsos))
    read_success(await service.get(f"/v1/kpm/{kpm_id}/tahap?bansos=PKH", as_=mine))
    listed = read_success(await service.get("/v1/kpm", as_=dinsos))["items"]
    read_success(await service.post("/v1/kpm/names", {"kpm_ids": [kpm_id]}, as_=dinsos))
    free = next(item["kpm_id"] for item in listed if item["kpm_id"] != kpm_id)
    given = {
        "kpm_id": free,
        "penugasan_id": str(families.PENUGASAN),
        "valid_from": str(TODAY - timedelta(days=5)),
    }
    dampingan = read_success(await service.post("/v1/dampingan", given, as_=dinsos))
    read_success(await service.get("/v1/dampingan", as_=dinsos))
    visit = {"purpose": "PEMUTAKHIRAN", "visited_on": str(TODAY), "findings": "Usaha berjalan baik."}
    made = await record_visit(service, mine, {"kpm_id": kpm_id, **visit})
    for path in ("/v1/kunjungan", f"/v1/kunjungan/{made['kunjungan_id']}"):
        read_success(await service.get(path, as_=mine))
    void = {"reason": "TERCATAT_GANDA"}
    read_success(await service.post(f"/v1/kunjungan/{made['kunjungan_id']}/void", void, as_=mine))
    await walk_family(service, cluster, tokens, kpm_id)
    await record_p2k2(service, mine, kpm_id)
    await set_limits(service, tokens)
    await hand_over_families(service, tokens, dampingan)
    await open_in_emergency(service, tokens, kpm_id)
    return tokens


async def open_in_emergency(service: Running, tokens: Tokens, kpm_id: str) -> None:
    """Open access to a family for its ketua tim, and review it."""
    lead, office = tokens[Role.KETUA_TIM_KABKOTA], tokens[Role.DINSOS_KABKOTA]
    why = {"reason": "Keluarga mengungsi karena banjir.", "hours": 24}
    made = read_success(await service.post(f"/v1/kpm/{kpm_id}/akses-darurat", why, as_=lead))
    read_success(await service.get("/v1/akses-darurat", as_=office))
    path = f"/v1/akses-darurat/{made['akses_darurat_id']}/review"
    read_success(await service.post(path, {"justified": True, "review": "Perlu."}, as_=office))


async def set_limits(service: Running, tokens: Tokens) -> None:
    """Set the next limits of a caseload."""
    limit = {"kind": "PKH_PENDAMPING", "warn_above": 400, "refuse_above": 550, "basis": "Surat Dirjen."}
    limit |= {"valid_from": str(TODAY + timedelta(days=300))}
    read_success(await service.post("/v1/dampingan-limit", limit, as_=tokens[Role.KEMENSOS]))
    read_success(await service.get("/v1/dampingan-limit", as_=tokens[Role.PENDAMPING]))


async def record_p2k2(service: Running, mine: str, kpm_id: str) -> None:
    """Record a P2K2 session."""
    session = {
        "penugasan_id": str(families.PENUGASAN),
        "kode_wilayah": families.DESA,
        "held_on": str(TODAY),
        "module": 2,
        "session": 3,
        "kelompok": "Melati",
        "attendance": [{"kpm_id": kpm_id, "presence": "HADIR"}],
    }
    made = read_success(await service.post("/v1/p2k2", session, as_=mine))
    for path in ("/v1/p2k2", f"/v1/p2k2/{made['p2k2_sesi_id']}", "/v1/p2k2-materi"):
        read_success(await service.get(path, as_=mine))
    void = {"reason": "SALAH_ISI"}
    read_success(await service.post(f"/v1/p2k2/{made['p2k2_sesi_id']}/void", void, as_=mine))


async def hand_over_families(service: Running, tokens: Tokens, dampingan: dict[str, Any]) -> None:
    """End one dampingan, finish the resulting task, and order hand-overs of the others."""
    lead, end = tokens[Role.KETUA_TIM_KABKOTA], {"valid_to": str(TODAY), "reason": "PINDAH_TUGAS"}
    read_success(await service.post(f"/v1/dampingan/{dampingan['dampingan_id']}/end", end, as_=lead))
    read_success(await service.get("/v1/dampingan-gap", as_=lead))
    read_success(await service.get(f"/v1/kpm/{dampingan['kpm_id']}/responsible?on={TODAY}", as_=lead))
    task = read_success(await service.get("/v1/tugas", as_=lead))["items"][0]
    read_success(await service.post(f"/v1/tugas/{task['tugas_id']}/done", {}, as_=lead))
    read_success(await service.post(f"/v1/tugas/{task['tugas_id']}/reopen", as_=lead))
    order = {
        "from_penugasan_id": str(families.PENUGASAN),
        "to_penugasan_id": str(families.OTHER_PENUGASAN),
        "kode_wilayah": "33.24.09",
        "on": str(TODAY + timedelta(days=1)),
    }
    read_success(await service.post("/v1/hand-over/preview", order, as_=lead))
    created = read_success(
        await service.post("/v1/hand-over", order | {"reason": "Pembagian wilayah baru."}, as_=lead)
    )
    read_success(await service.get(f"/v1/hand-over/{created['hand_over_id']}", as_=lead))
    read_success(await service.get("/v1/hand-over", as_=lead))
    later = order | {"on": str(TODAY + timedelta(days=30)), "reason": "Rencana bulan depan."}
    planned, why = (
        read_success(await service.post("/v1/hand-over", later, as_=lead)),
        {"reason": "Rencana berubah."},
    )
    read_success(await service.post(f"/v1/hand-over/{planned['hand_over_id']}/withdrawal", why, as_=lead))


async def record_visit(service: Running, mine: str, visit: dict[str, Any]) -> dict[str, Any]:
    """Record a visit with the first purpose of the enum."""
    from services.caseload.activity.models import KunjunganPurpose

    body = visit | {"purpose": str(next(iter(KunjunganPurpose)))}
    made: dict[str, Any] = read_success(await service.post("/v1/kunjungan", body, as_=mine))
    return made
