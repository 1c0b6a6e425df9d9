"""Seeded walks through each service, so that every operation succeeds at least once and ids of its things exist.

Each returns a token per role of people who have something to do with what was made.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from shared.access import Actor, Role
from shared.contracts.kinds import SanggahOutcome
from shared.jobs import enqueue
from tests.caseload import given as families
from tests.cluster import Cluster
from tests.contracts.family_walk import over_time
from tests.graduation.given import DESA, KENDAL, Road, at, proposal, tell
from tests.graduation.ministry import Ministry
from tests.kit import Running, deliver, running
from tests.partner_simulator import PartnerSimulator
from tests.referral.given import (
    TODAY,
    World,
    a_world,
    decided,
    determined,
    family_facts,
    graduated,
    lodged,
)
from tests.registry import given as registering

Tokens = dict[Role, str]
Walk = Callable[[Running, Cluster], Awaitable[Tokens]]
PARKED = {"subscription": "walked", "topic": "pilar.registry", "key": "walked"}


def done(answer: httpx.Response) -> Any:
    """Return what an answer of success says."""
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def everywhere(service: Running, tokens: Tokens) -> None:
    """What every service offers: files, jobs, parked events, the clock, the numbers."""
    operator, asked = tokens[Role.OPERATOR], Actor("dinsos-kendal-1", frozenset({Role.DINSOS_KABKOTA}))
    await service.put_file(b"a scan", as_=tokens[Role.PENDAMPING])
    async with service.session() as session:
        jobs = [await enqueue(session, "walked.job", {}, asked) for _ in range(3)]
    done(await service.get(f"/v1/jobs/{jobs[0]}", as_=operator))
    done(await service.get(f"/v1/jobs/{jobs[1]}/errors", as_=operator))
    done(await service.post(f"/v1/jobs/{jobs[2]}/cancellation", as_=tokens[Role.DINSOS_KABKOTA]))
    await service.execute(
        'INSERT INTO platform.parked (subscription, topic, key, partition, "offset", body, reason)'
        f" VALUES ('{PARKED['subscription']}', '{PARKED['topic']}', '{PARKED['key']}', 0, 0, '', 'POISON')"
    )
    done(await service.get("/v1/parked", as_=operator))
    done(await service.post("/v1/parked/retry", PARKED, as_=operator))
    done(await service.post("/v1/parked/skip", PARKED, as_=operator))
    now = done(await service.get("/v1/clock", as_=operator))["now"]
    later = datetime.fromisoformat(now) + timedelta(minutes=1)
    done(await service.post("/v1/clock", {"now": later.isoformat()}, as_=operator))
    done(await service.post("/v1/numbers", {}, as_=operator))


def officials(service: Running, **tokens: str) -> Tokens:
    """Everybody of Kendal, and those of the service's own story."""
    made = {
        Role.KEMENSOS: service.token("KEMENSOS", "kemensos-1"),
        Role.DINSOS_KABKOTA: service.token("DINSOS_KABKOTA", "dinsos-kendal-1", [KENDAL]),
        Role.KETUA_TIM_KABKOTA: service.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", [KENDAL]),
        Role.OPERATOR_DESA: service.token("OPERATOR_DESA", "operator-desa-1", [DESA]),
        Role.OPERATOR: service.token("OPERATOR", "operator-1"),
    }
    return made | {Role(name): token for name, token in tokens.items()}


async def registry(service: Running, _: Cluster) -> Tokens:
    """A pendamping comes, serves, and another's placement ends."""
    person, held = await registering.placed(service)
    path = f"/v1/pendamping/{person['pendamping_id']}"
    me = service.token("PENDAMPING", "pendamping-s", [KENDAL], pendamping_id=person["pendamping_id"])
    tokens = officials(service, PENDAMPING=me)
    ministry = tokens[Role.KEMENSOS]
    for read in ("/v1/pendamping", path, f"{path}/scorecard?year=2026"):
        done(await service.get(read, as_=ministry))
    done(await service.post("/v1/pendamping/look-up", {"nik": registering.NIK}, as_=ministry))
    target = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 10, "basis": "Kerangka kerja"}
    done(await service.post("/v1/target", target, as_=ministry))
    done(await service.get("/v1/target?year=2026", as_=ministry))
    done(await service.get("/v1/coverage?kode_wilayah=33.24.09&year=2026", as_=ministry))
    done(await service.post("/v1/coverage-count", as_=ministry))
    await service.work()
    done(await service.get("/v1/coverage-count?kode_wilayah=33", as_=ministry))
    await kinds_and_contact(service, tokens, person)
    area = done(await registering.wilayah_tugas(service, held, "33.24.08"))
    end = {"valid_to": str(TODAY), "reason": "PINDAH_TUGAS"}
    done(await service.post(f"/v1/wilayah-tugas/{area['wilayah_tugas_id']}/end", end, as_=ministry))
    _, other = await registering.placed(service, "3324075211879002")
    done(await service.post(f"/v1/penugasan/{other['penugasan_id']}/end", end, as_=ministry))
    return tokens


async def kinds_and_contact(service: Running, tokens: Tokens, person: dict[str, Any]) -> None:
    """A kind is revised, another ends with a successor; a phone is corrected."""
    ministry = tokens[Role.KEMENSOS]
    listed = done(await service.get("/v1/pilar-kind?on=2026-01-01&kind=REHSOS_TUNSOS_KPO", as_=ministry))
    end = {"valid_to": "2026-07-01", "successor_kind": "REHSOS_PENDAMPING", "reason": "RESTRUKTURISASI"}
    kind_id = listed["items"][0]["pilar_kind_id"]
    done(await service.post(f"/v1/pilar-kind/{kind_id}/end", end, as_=ministry))
    revision = {"kind": "TKSK", "name": "TKSK", "ditjen": "DAYASOS", "level": "KECAMATAN"}
    revision |= {"held_by": "PERSON", "source": "Permensos 28/2018", "valid_from": "2026-07-01"}
    done(await service.post("/v1/pilar-kind", revision, as_=ministry))
    pair = {"kind": "TKSK", "other_kind": "PSM", "paid_only": True, "source": "Permensos 28/2018"}
    pair |= {"reason_en": "no second post", "reason_id": "tidak boleh rangkap", "valid_from": "2026-01-01"}
    conflict = done(await service.post("/v1/role-conflict", pair, as_=ministry))
    done(await service.get("/v1/role-conflict?kind=TKSK&on=2026-02-01", as_=ministry))
    stop = {"valid_to": "2026-07-01", "reason": "DICABUT"}
    done(await service.post(f"/v1/role-conflict/{conflict['role_conflict_id']}/end", stop, as_=ministry))
    path = f"/v1/pendamping/{person['pendamping_id']}"
    version = done(await service.get(path, as_=ministry))["version"]
    phone = {"phone": "+62 811 1111 0002", "reason": "NOMOR_BARU"}
    match = {"If-Match": f'"{version}"'}
    done(await service.post(f"{path}/contact", phone, as_=ministry, headers=match))


async def caseload(service: Running, cluster: Cluster) -> Tokens:
    """Families are taken in, one is accompanied and visited, another is given to a pendamping."""
    async with running(cluster, "registry") as teller:
        second = families.pendamping(families.OTHER, families.OTHER_NO, families.OTHER_PENUGASAN)
        await teller.publish(*families.pendamping(), *second)
        await deliver(teller, service)
    tokens = officials(service, PENDAMPING=families.companion(service))
    dinsos, mine = tokens[Role.DINSOS_KABKOTA], tokens[Role.PENDAMPING]
    rows = [families.family(number) for number in range(1, 6)]
    await families.take_in(service, families.csv_of(families.mother(), *rows))
    look = {"nik": families.mother()[0]["nik"]}
    kpm_id = done(await service.post("/v1/kpm/look-up", look, as_=dinsos))["kpm_id"]
    for part in ("", "/history", "/kepesertaan", "/tahap?bansos=PKH"):
        done(await service.get(f"/v1/kpm/{kpm_id}{part}", as_=dinsos))
    listed = done(await service.get("/v1/kpm", as_=dinsos))["items"]
    free = next(item["kpm_id"] for item in listed if item["kpm_id"] != kpm_id)
    given = {
        "kpm_id": free,
        "penugasan_id": str(families.PENUGASAN),
        "valid_from": str(TODAY - timedelta(days=5)),
    }
    held = done(await service.post("/v1/dampingan", given, as_=dinsos))
    done(await service.get("/v1/dampingan", as_=dinsos))
    visit = {"purpose": "PEMUTAKHIRAN", "visited_on": str(TODAY), "findings": "Usaha berjalan baik."}
    made = await visited(service, mine, {"kpm_id": kpm_id, **visit})
    for path in ("/v1/kunjungan", f"/v1/kunjungan/{made['kunjungan_id']}"):
        done(await service.get(path, as_=mine))
    await over_time(service, cluster, tokens, kpm_id)
    await taught(service, mine, kpm_id)
    await handed_over(service, tokens, held)
    return tokens


async def taught(service: Running, mine: str, kpm_id: str) -> None:
    """A family-capacity session is held."""
    held = {"penugasan_id": str(families.PENUGASAN), "kode_wilayah": families.DESA, "held_on": str(TODAY)}
    said = {
        "module": 2,
        "session": 3,
        "kelompok": "Melati",
        "attendance": [{"kpm_id": kpm_id, "presence": "HADIR"}],
    }
    made = done(await service.post("/v1/p2k2", held | said, as_=mine))
    for path in ("/v1/p2k2", f"/v1/p2k2/{made['p2k2_sesi_id']}", "/v1/p2k2-materi"):
        done(await service.get(path, as_=mine))


async def handed_over(service: Running, tokens: Tokens, held: dict[str, Any]) -> None:
    """One family's dampingan ends, which leaves a task; all others are to go to another pendamping tomorrow."""
    lead, end = tokens[Role.KETUA_TIM_KABKOTA], {"valid_to": str(TODAY), "reason": "PINDAH_TUGAS"}
    done(await service.post(f"/v1/dampingan/{held['dampingan_id']}/end", end, as_=lead))
    done(await service.get("/v1/dampingan-gap", as_=lead))
    done(await service.get(f"/v1/kpm/{held['kpm_id']}/responsible?on={TODAY}", as_=lead))
    task = done(await service.get("/v1/tugas", as_=lead))["items"][0]
    done(await service.post(f"/v1/tugas/{task['tugas_id']}/done", {}, as_=lead))
    order = {
        "from_penugasan_id": str(families.PENUGASAN),
        "to_penugasan_id": str(families.OTHER_PENUGASAN),
        "kode_wilayah": "33.24.09",
        "on": str(TODAY + timedelta(days=1)),
    }
    done(await service.post("/v1/hand-over/preview", order, as_=lead))
    asked = done(await service.post("/v1/hand-over", order | {"reason": "Pembagian wilayah baru."}, as_=lead))
    done(await service.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=lead))


async def visited(service: Running, mine: str, visit: dict[str, Any]) -> dict[str, Any]:
    """Hand in a visit for whichever purpose the service knows."""
    from services.caseload.models import KunjunganPurpose

    said = visit | {"purpose": str(next(iter(KunjunganPurpose)))}
    made: dict[str, Any] = done(await service.post("/v1/kunjungan", said, as_=mine))
    return made


async def graduation(service: Running, _: Cluster) -> Tokens:
    """One case to its last month, and one down each side way."""
    road = await (await Road.begin(service)).to("MASA_SANGGAH")
    await at(service, date(2026, 7, 2))
    await service.work()
    tokens = officials(service, PENDAMPING=road.by["field"])
    office, path = tokens[Role.DINSOS_KABKOTA], f"/v1/graduasi/{road.graduasi_id}"
    tasks = done(await service.get(f"/v1/monitoring?graduasi_id={road.graduasi_id}", as_=road.by["field"]))
    await at(service, date(2026, 8, 2))
    task = tasks["items"][0]["task_id"]
    done(await service.post(f"/v1/monitoring/{task}/result", {"still_out": True}, as_=road.by["field"]))
    decided = done(await service.get(path, as_=office))["penetapan"]
    reads = (
        "/v1/policy",
        "/v1/policy/SEJAHTERA_MANDIRI",
        "/v1/tahap-calendar",
        "/v1/graduasi",
        f"{path}/history",
    )
    for read in (*reads, f"/v1/sk/{decided['sk_id']}", f"/v1/certificate/{decided['certificate_no']}"):
        done(await service.get(read, as_=office))
    tahap = {"year": 2029, "number": 1, "starts_on": "2029-01-01", "cutoff_on": "2028-12-20"}
    done(await service.post("/v1/tahap-calendar", tahap, as_=tokens[Role.KEMENSOS]))
    await side_ways(service, road)
    await proposed_exits(service, road, tokens)
    await objections(service, road, office)
    await rules_that_change(service, road)
    await one_sk_for_many(service, tokens)
    return tokens


async def one_sk_for_many(service: Running, tokens: Tokens) -> None:
    """An SK over a file of cases, as a job."""
    ministry = tokens[Role.KEMENSOS]
    approved = done(await service.get("/v1/graduasi?state=DISETUJUI_DINSOS", as_=ministry))["items"]
    lines = "\n".join(one["graduasi_id"] for one in approved).encode()
    body = {
        "sk_no": "SK/MASSAL/2026",
        "sk_on": "2026-08-03",
        "sha256": await service.put_file(lines, as_=ministry),
    }
    done(await service.get("/v1/candidate", as_=ministry))
    asked = done(await service.post("/v1/sk/bulk", body, as_=ministry))
    await service.work()
    assert done(await service.get(f"/v1/sk/{asked['sk_id']}/penetapan", as_=ministry))["items"]


async def rules_that_change(service: Running, road: Road) -> None:
    """A policy is enacted, another is drafted and waits; an assessment is computed again under its own version."""
    people = Ministry(service)
    await people.enact("2026-09-05", "TIDAK_DITEMUKAN", sanggah_length=31)
    done(await people.draft())
    done(await people.withdraw(1))
    done(await people.draft(instrument=await people.harder(), instrument_version=None))
    done(await service.get(f"/v1/policy-version/{people.policy_id}", as_=people.official(2)))
    shown = done(await service.get(f"/v1/graduasi/{road.graduasi_id}", as_=road.by["field"]))
    path = f"/v1/asesmen/{shown['asesmen']['asesmen_id']}"
    for read in (path, f"{path}/reproduction"):
        done(await service.get(read, as_=road.by["field"]))


async def proposed_exits(service: Running, road: Road, tokens: Tokens) -> None:
    """Caseload proposed exits; one has its case."""
    further = Road(road.field, *await road.field.family())
    await tell(service, proposal(further))
    done(await service.get("/v1/exit-proposal", as_=tokens[Role.DINSOS_KABKOTA]))


async def side_ways(service: Running, first: Road) -> None:
    """Returned, refused, postponed and resumed, cancelled; and open cases for whoever comes after."""
    why = {"reason": "Berkas belum lengkap."}
    refusal, cancellation = grounds()
    ways: list[list[tuple[str, dict[str, Any], str]]] = [
        [("return", why, "verification")],
        [("refusal", {"ground": refusal, **why}, "verification")],
        [("postponement", why, "approval"), ("resumption", why, "approval")],
        [("cancellation", {"ground": cancellation, **why}, "approval")],
    ]
    for steps in ways:
        road = await another(service, first).to("DIUSULKAN", "2026-08-03")
        for noun, body, by in steps:
            done(await road.post(noun, body, by))
    for state in ("TERIDENTIFIKASI", "SIAP", "DIVERIFIKASI_KETIM", "DISETUJUI_DINSOS"):
        await another(service, first).to(state, "2026-08-03")


async def objections(service: Running, first: Road, office: str) -> None:
    """One paper refused, one accepted, one left open for whoever comes after."""
    judge = service.token("DINSOS_KABKOTA", "dinsos-kendal-9", [KENDAL])
    for outcome in ("DITOLAK", "DITERIMA", None):
        road = await another(service, first).to("MASA_SANGGAH", "2026-08-03")
        paper = {"lodged_on": "2026-08-03", "lodged_by": "KELUARGA", "channel": "PUSKESOS"}
        paper |= {"ground": "KEADAAN_BERUBAH", "evidence_sha256": await road.evidence(b"surat sanggah")}
        lodged = done(await road.post("sanggah", paper, "musyawarah"))
        done(await service.get(f"/v1/sanggah/{lodged['sanggah_id']}", as_=office))
        if outcome:
            path = f"/v1/sanggah/{lodged['sanggah_id']}/decision"
            ruling = {"outcome": outcome, "reason": "Keadaan keluarga berubah."}
            done(await service.post(path, ruling, as_=judge))
    for read in ("sanggah?state=DIAJUKAN", "graduasi?waiting=me", "monitoring?mine=true", "cohort?year=2026"):
        done(await service.get(f"/v1/{read}", as_=office))
    await annulments(service, first, judge)


async def annulments(service: Running, first: Road, judge: str) -> None:
    """One SK undone after its effect, with its tahap paid back; one before."""
    paid = [{"tahap": "2026-3", "paid": True, "reason": "Keluarga tetap berhak pada tahap ini."}]
    for determined_on, back_pay in (("2026-05-18", paid), ("2026-08-03", [])):
        undone = await another(service, first).to("MASA_SANGGAH", determined_on)
        await at(service, date(2026, 8, 3))
        await service.work()
        why = {"ground": "SK_KELIRU", "reason": "Keluarga tertukar dalam lampiran SK.", "back_pay": back_pay}
        done(await service.post(f"/v1/graduasi/{undone.graduasi_id}/annulment", why, as_=judge))


def grounds() -> tuple[str, str]:
    from services.graduation.commands import CancellationGround, RefusalGround

    return str(next(iter(RefusalGround))), str(next(iter(CancellationGround)))


class Another(Road):
    """A further family of the same pendamping, whose token then reads all of them."""

    async def to(self, state: str, day: str = "2026-05-18") -> "Road":
        self.kpm_id, self.kepesertaan_id = await self.field.family()
        return await super().to(state, day)


def another(service: Running, first: Road) -> Another:
    del service
    return Another(first.field, first.kpm_id, first.kepesertaan_id)


async def referral(service: Running, _: Cluster) -> Tokens:
    """A family is referred to three partners: one delivers, one's consent is taken back, one is left open."""
    async with PartnerSimulator() as bank:
        world = await a_world(service, {"BANK_KUR": bank})
        await world.hear(*family_facts(world.family), determined(world.family))
        partner, mine = world.partner("BANK_KUR"), world.pendamping
        tokens = officials(service, PENDAMPING=mine, PARTNER=partner)
        await waits_for(service, mine, 3)
        subject = await world.sent("KUR_SUPERMIKRO")
        await waits_for(service, partner, 1)
    path = f"/v1/rujukan-program/{subject}"
    answer = {"answer_id": "A-1", "status": "DISETUJUI", "answered_on": str(TODAY)}
    done(await service.post(f"{path}/answer", answer, as_=partner))
    given = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY)}
    done(await service.post(f"{path}/delivery", given, as_=partner))
    done(await world.consent("UMKM_PENDAMPINGAN"))
    back = f"/v1/rujukan-program/{(await world.programs())['UMKM_PENDAMPINGAN']['rujukan_program_id']}"
    why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    taken_back = done(await service.post(f"{back}/consent-withdrawal", why, as_=mine))
    case = f"/v1/rujukan/{taken_back['rujukan_id']}/next"
    after = {"after_rujukan_program_id": taken_back["rujukan_program_id"]}
    done(await service.post(case, after, as_=mine))
    done(await service.get(case, as_=mine))
    await catalogue(service, tokens, world.partners["PLUT"])
    await following_up(service, tokens, world)
    await service.set_clock(datetime.now(UTC) + timedelta(days=93))
    seen = {"month": 3, "still_in_business": True, "omzet_rp": 11_000_000}
    done(await service.post(f"{path}/outcome", seen, as_=mine))
    await read_all(service, tokens, str(world.family.kpm_id), path)
    return tokens


async def waits_for(service: Running, token: str, count: int) -> None:
    """So many offers wait for the caller: families to be asked, answers to be given, what was escalated."""
    waiting = done(await service.get("/v1/rujukan-program?waiting=me", as_=token))
    assert len(waiting["items"]) == count


async def following_up(service: Running, tokens: Tokens, world: World) -> None:
    """Terms, a partner that is left alone, one that asks its inbox and lets its days pass, and who takes that up."""
    ministry, office = tokens[Role.KEMENSOS], tokens[Role.DINSOS_KABKOTA]
    days = {
        "remind_before_days": 3,
        "escalate_after_days": 1,
        "expire_after_days": 900,
        "close_after_days": 90,
    }
    term = {"program_code": "KDMP", "valid_from": str(TODAY), "basis": "Perjanjian kerja sama", **days}
    done(await service.post("/v1/sla-term", term, as_=ministry))
    done(await service.get("/v1/sla-term", as_=office))
    partner = world.partners["KOPDES"]["partner_id"]
    done(await service.get(f"/v1/partner/{partner}/breaker", as_=office))
    limit = {"failures_to_open": 3, "wait_seconds": 30}
    done(await service.post(f"/v1/partner/{partner}/breaker", limit, as_=ministry))
    since = {"since": "2026-01-01T00:00:00+07:00"}
    done(await service.post(f"/v1/partner/{partner}/replay", since, as_=ministry))
    done(await service.get("/v1/outcome-task", as_=tokens[Role.PENDAMPING]))
    mine, objection = world.partner("KOPDES"), uuid4()
    await world.hear(lodged(world.family, objection))
    await world.hear(decided(world.family, objection, SanggahOutcome.DITOLAK))
    await world.hear(graduated(world.family))
    subject = await world.sent("KDMP")
    item = done(await service.get("/v1/inbox", as_=mine))["items"][0]
    path = f"/v1/rujukan-program/{subject}"
    done(await service.post(f"{path}/receipt", {"notice_id": item["notice_id"]}, as_=mine))
    done(await service.get(f"{path}/inbox-read", as_=office))
    await service.set_clock(datetime.now(UTC) + timedelta(days=40))
    await service.work()
    (raised,) = done(await service.get("/v1/escalation", as_=office))["items"]
    await waits_for(service, office, 1)
    taken_up = f"/v1/escalation/{raised['escalation_id']}/acknowledgement"
    done(await service.post(taken_up, {"note": "Koperasi dihubungi"}, as_=office))
    await waits_for(service, office, 0)
    listed = {"answer_id": "K-1", "status": "DAFTAR_TUNGGU", "answered_on": str(TODAY)}
    done(await service.post(f"{path}/answer", listed, as_=mine))


async def catalogue(service: Running, tokens: Tokens, partner: dict[str, Any]) -> None:
    """The offices, a partner's new address, and what is published."""
    ministry = tokens[Role.KEMENSOS]
    office = {"kode_wilayah": KENDAL, "name": "Dinsos Kendal", "phone": "(0294) 381234"}
    done(await service.post("/v1/office", office, as_=ministry))
    shown = done(await service.get(f"/v1/partner/{partner['partner_id']}", as_=ministry))
    match = {"If-Match": f'"{shown["version"]}"'}
    change = {"webhook_url": "http://127.0.0.1:9/pilar/rujukan"}
    path = f"/v1/partner/{partner['partner_id']}/webhook"
    done(await service.post(path, change, as_=ministry, headers=match))
    programs = done(await service.get("/v1/program", as_=ministry))["items"]
    path = f"/v1/program/{programs[0]['program_id']}"
    done(await service.post(f"{path}/quota", quota_of(KENDAL), as_=ministry))
    done(await service.post(f"{path}/intake", {"opens_on": str(TODAY)}, as_=ministry))
    for read in ("", "/quota", "/intake", "/waiting", "/families?fits=true"):
        done(await service.get(path + read, as_=ministry))
    done(await service.get("/v1/partner", as_=ministry))


def quota_of(area: str) -> dict[str, Any]:
    """Places for an area, from today."""
    return {"kode_wilayah": area, "places": 50, "valid_from": str(TODAY)}


async def read_all(service: Running, tokens: Tokens, kpm_id: str, path: str) -> None:
    """Everything that officials read of a family's rujukan; and a report that it has fallen back."""
    office, mine = tokens[Role.DINSOS_KABKOTA], tokens[Role.PENDAMPING]
    rujukan = done(await service.get(f"/v1/rujukan?kpm_id={kpm_id}", as_=office))["items"][0]["rujukan_id"]
    reads = (f"/v1/rujukan/{rujukan}", "/v1/rujukan-program", path, f"{path}/history", f"{path}/attempt")
    for read in (*reads, f"/v1/offer?kpm_id={kpm_id}", "/v1/consent-text"):
        done(await service.get(read, as_=mine))
    seen = {"month": 3, "cause": "Usaha sepi", "reported_on": str(TODAY)}
    done(await service.post(f"/v1/rujukan/{rujukan}/relapse-report", seen, as_=mine))


WALKS: dict[str, Walk] = {
    "registry": registry,
    "caseload": caseload,
    "graduation": graduation,
    "referral": referral,
}
