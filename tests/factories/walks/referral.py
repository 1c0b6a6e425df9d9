"""A walk through referral."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from shared.access import Role
from shared.contracts.kinds import SanggahOutcome
from tests.factories.cluster import START, Cluster
from tests.factories.graduation.events import KENDAL
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import words_of
from tests.factories.referral.departure import build_departure
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_determined,
    build_kpm_graduated,
    build_sanggah_decided,
    build_sanggah_lodged,
)
from tests.factories.referral.world import World
from tests.factories.services import Running
from tests.factories.walks.platform import Tokens, create_tokens, read_success


async def walk_referral(service: Running, _: Cluster) -> Tokens:
    """Refer a family to three partners: one delivers, one consent is withdrawn, one stays open."""
    async with PartnerSimulator() as bank:
        world = await create_world(service, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        partner, mine = world.partner("BANK_KUR"), world.pendamping
        tokens = create_tokens(service, PENDAMPING=mine, PARTNER=partner)
        await expect_waiting(service, mine, 3)
        subject = await world.send_rujukan("KUR_SUPERMIKRO")
        await expect_waiting(service, partner, 1)
    path = f"/v1/rujukan-program/{subject}"
    asked = {"answer_id": "A-0", "status": "PERLU_DATA", "answered_on": str(TODAY)} | words_of("PERLU_DATA")
    read_success(await service.post(f"{path}/answer", asked, as_=partner))
    supplied = {"fields": ["usaha"], "text": "Omzet bulan lalu Rp 9.500.000"}
    read_success(await service.post(f"{path}/supply", supplied, as_=mine))
    read_success(await service.post(f"{path}/supply-void", {"reason": "SALAH_ISI"}, as_=mine))
    read_success(await service.post(f"{path}/supply", supplied, as_=mine))
    read_success(await service.get(f"{path}/supply", as_=mine))
    answer = {"answer_id": "A-1", "status": "DISETUJUI", "answered_on": str(TODAY)}
    read_success(await service.post(f"{path}/answer", answer, as_=partner))
    given = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY)}
    wrong = answer | {"answer_id": "A-2", "amount_rp": 4_000_000, "reason": "Salah ketik"}
    read_success(await service.post(f"{path}/answer-correction", wrong, as_=partner))
    read_success(await service.post(f"{path}/delivery", given, as_=partner))
    wrong = {"amount_rp": 6_000_000, "reason": "Salah ketik"}
    read_success(await service.post(f"{path}/delivery-correction", wrong, as_=partner))
    read_success(await service.post(f"{path}/delivery-void", {"reason": "SALAH_TANGGAL"}, as_=partner))
    read_success(await service.post(f"{path}/delivery", given | {"delivery_id": "D-2"}, as_=partner))
    read_success(await world.record_consent("UMKM_PENDAMPINGAN"))
    withdrawal_path = (
        f"/v1/rujukan-program/{(await world.read_programs())['UMKM_PENDAMPINGAN']['rujukan_program_id']}"
    )
    why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    taken_back = read_success(await service.post(f"{withdrawal_path}/consent-withdrawal", why, as_=mine))
    renewed = read_success(await service.post(f"{withdrawal_path}/renewal", None, as_=mine))
    decline_path = f"/v1/rujukan-program/{renewed['rujukan_program_id']}/decline"
    read_success(await service.post(decline_path, None, as_=mine))
    case = f"/v1/rujukan/{taken_back['rujukan_id']}/next"
    after = {"after_rujukan_program_id": taken_back["rujukan_program_id"]}
    read_success(await service.post(case, after, as_=mine))
    read_success(await service.get(case, as_=mine))
    await walk_catalogue(service, tokens, world.partners["PLUT"])
    await walk_follow_up(service, tokens, world)
    await service.set_clock(START + timedelta(days=93))
    seen = {"month": 3, "still_in_business": True, "omzet_rp": 11_000_000}
    read_success(await service.post(f"{path}/outcome", seen, as_=mine))
    wrong = {"month": 3, "omzet_rp": 12_000_000, "reason": "Salah ketik"}
    read_success(await service.post(f"{path}/outcome-correction", wrong, as_=mine))
    void = {"month": 3, "reason": "SALAH_KELUARGA"}
    read_success(await service.post(f"{path}/outcome-void", void, as_=mine))
    read_success(await service.post(f"{path}/outcome", seen, as_=mine))
    await world.apply_events(build_departure(world.family, uuid4()))
    await read_all(service, tokens, str(world.family.kpm_id), path)
    return tokens


async def walk_webhook(service: Running, partner: str) -> None:
    """Rotate the secret of a webhook, and read its state and attempts."""
    read_success(await service.post("/v1/webhook/secret", as_=partner))
    read_success(await service.post("/v1/webhook/secret-end", {"ends": "NEWEST"}, as_=partner))
    for path in ("/v1/webhook", "/v1/webhook/attempt"):
        read_success(await service.get(path, as_=partner))


async def expect_waiting(service: Running, token: str, count: int) -> None:
    """Assert the number of offers that wait for the caller."""
    waiting = read_success(await service.get("/v1/rujukan-program?waiting=me", as_=token))
    assert len(waiting["items"]) == count


async def walk_follow_up(service: Running, tokens: Tokens, world: World) -> None:
    """Set terms, read an inbox, let an SLA pass and acknowledge the escalation."""
    ministry, office = tokens[Role.KEMENSOS], tokens[Role.DINSOS_KABKOTA]
    days = {
        "remind_before_days": 3,
        "escalate_after_days": 1,
        "expire_after_days": 900,
        "close_after_days": 90,
        "deliver_within_days": 60,
    }
    term = {"program_code": "KDMP", "valid_from": str(TODAY), "basis": "Perjanjian kerja sama", **days}
    read_success(await service.post("/v1/sla-term", term, as_=ministry))
    read_success(await service.get("/v1/sla-term", as_=office))
    ahead = {"valid_from": str(TODAY + timedelta(days=30)), "basis": "Peraturan Menteri"}
    read_success(await service.post("/v1/outcome-rule", {"months": [3, 6, 12], **ahead}, as_=ministry))
    read_success(await service.get("/v1/outcome-rule", as_=office))
    words = {"text": "Saya setuju data minimum keluarga saya disampaikan kepada mitra program.", **ahead}
    text = read_success(await service.post("/v1/consent-text", words, as_=ministry))
    void = {"kind": "CONSENT_TEXT", "version_id": str(text["version"]), "reason": "Salah ketik"}
    read_success(await service.post("/v1/version-void", void, as_=ministry))
    read_success(await service.get("/v1/version-void", as_=office))
    partner = world.partners["KOPDES"]["partner_id"]
    read_success(await service.get(f"/v1/partner/{partner}/breaker", as_=office))
    limit = {"failures_to_open": 3, "wait_seconds": 30}
    read_success(await service.post(f"/v1/partner/{partner}/breaker", limit, as_=ministry))
    read_success(await service.post("/v1/breaker-limit", limit, as_=ministry))
    read_success(await service.get("/v1/breaker-limit", as_=office))
    since = {"since": "2026-01-01T00:00:00+07:00"}
    read_success(await service.post(f"/v1/partner/{partner}/replay", since, as_=ministry))
    read_success(await service.get("/v1/outcome-task", as_=tokens[Role.PENDAMPING]))
    mine, objection = world.partner("KOPDES"), uuid4()
    await world.apply_events(build_sanggah_lodged(world.family, objection))
    await world.apply_events(build_sanggah_decided(world.family, objection, SanggahOutcome.DITOLAK))
    await world.apply_events(build_kpm_graduated(world.family))
    subject = await world.send_rujukan("KDMP")
    item = read_success(await service.get("/v1/inbox", as_=mine))["items"][0]
    path = f"/v1/rujukan-program/{subject}"
    read_success(await service.post(f"{path}/receipt", {"notice_id": item["notice_id"]}, as_=mine))
    read_success(await service.get(f"{path}/inbox-read", as_=office))
    await walk_webhook(service, mine)
    await service.set_clock(START + timedelta(days=40))
    await service.work()
    (raised,) = read_success(await service.get("/v1/escalation", as_=office))["items"]
    await expect_waiting(service, office, 1)
    taken_up = f"/v1/escalation/{raised['escalation_id']}/acknowledgement"
    read_success(await service.post(taken_up, {"note": "Koperasi dihubungi"}, as_=office))
    why = {"reason": "Salah eskalasi"}
    read_success(await service.post(f"{taken_up}-withdrawal", why, as_=office))
    read_success(await service.post(taken_up, {"note": "Koperasi dihubungi"}, as_=office))
    await expect_waiting(service, office, 0)
    listed = {"answer_id": "K-1", "status": "DAFTAR_TUNGGU", "answered_on": str(TODAY)}
    read_success(await service.post(f"{path}/answer", listed, as_=mine))


async def walk_catalogue(service: Running, tokens: Tokens, partner: dict[str, Any]) -> None:
    """Register an office, change a webhook and read a program."""
    ministry = tokens[Role.KEMENSOS]
    office = {"kode_wilayah": KENDAL, "name": "Dinsos Kendal", "phone": "(0294) 381234"}
    read_success(await service.post("/v1/office", office, as_=ministry))
    read_success(await service.get("/v1/office", as_=ministry))
    shown = read_success(await service.get(f"/v1/partner/{partner['partner_id']}", as_=ministry))
    match = {"If-Match": f'"{shown["version"]}"'}
    change = {"webhook_url": "http://127.0.0.1:9/pilar/rujukan"}
    path = f"/v1/partner/{partner['partner_id']}/webhook"
    read_success(await service.post(path, change, as_=ministry, headers=match))
    names = {"code": "PLUT", "name": "PLUT-KUMKM", "kind": "PEMDA", "channel": "HOST_TO_HOST"}
    path, match = f"/v1/partner/{partner['partner_id']}/correction", {"If-Match": '"2"'}
    corrected = names | {"reason": "Salah ketik"}
    read_success(await service.post(path, corrected, as_=ministry, headers=match))
    read_success(await service.get(path, as_=ministry))
    programs = read_success(await service.get("/v1/program", as_=ministry))["items"]
    path = f"/v1/program/{programs[0]['program_id']}"
    read_success(await service.post(f"{path}/quota", read_quota(KENDAL), as_=ministry))
    read_success(await service.post(f"{path}/intake", {"opens_on": str(TODAY)}, as_=ministry))
    for read in ("", "/quota", "/intake", "/waiting", "/families?fits=true"):
        read_success(await service.get(path + read, as_=ministry))
    read_success(await service.get("/v1/partner", as_=ministry))


def read_quota(area: str) -> dict[str, Any]:
    """Return a quota for an area from today."""
    return {"kode_wilayah": area, "places": 50, "valid_from": str(TODAY)}


async def read_all(service: Running, tokens: Tokens, kpm_id: str, path: str) -> None:
    """Read a family's rujukan and report a relapse."""
    office, mine = tokens[Role.DINSOS_KABKOTA], tokens[Role.PENDAMPING]
    rujukan = read_success(await service.get(f"/v1/rujukan?kpm_id={kpm_id}", as_=office))["items"][0][
        "rujukan_id"
    ]
    reads = (f"/v1/rujukan/{rujukan}", "/v1/rujukan-program", path, f"{path}/history", f"{path}/attempt")
    details = ("answer", "correction", "supply", "consent", "notice")
    reads += tuple(f"{path}/{detail}" for detail in details)
    for read in (*reads, f"/v1/offer?kpm_id={kpm_id}", "/v1/consent-text"):
        read_success(await service.get(read, as_=mine))
    seen = {"month": 3, "cause": "USAHA_TUTUP", "reported_on": str(TODAY)}
    report = read_success(await service.post(f"/v1/rujukan/{rujukan}/relapse-report", seen, as_=mine))
    path, void = f"/v1/relapse-report/{report['relapse_report_id']}/void", {"reason": "SALAH_KELUARGA"}
    read_success(await service.post(path, void, as_=mine))
    read_success(await service.get(f"/v1/rujukan/{rujukan}/relapse-report", as_=mine))
