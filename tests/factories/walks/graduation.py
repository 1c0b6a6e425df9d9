"""A walk through graduation."""

from datetime import date
from functools import partial
from typing import Any

from shared.access import Role
from tests.factories.cluster import Cluster
from tests.factories.graduation.case import CaseDriver, set_day, work_until
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.graduation.family import family_ended
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running
from tests.factories.walks.platform import Tokens, create_tokens, read_success, walk_requests

PAID = [{"tahap": "2026-3", "paid": True, "reason": "Keluarga tetap berhak pada tahap ini."}]


async def walk_graduation(service: Running, _: Cluster) -> Tokens:
    """Bring one case to monitoring, and others through every other transition."""
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH")
    await work_until(service, date(2026, 7, 2))
    tokens = create_tokens(service, PENDAMPING=driver.by["field"])
    office, path = tokens[Role.DINSOS_KABKOTA], f"/v1/graduasi/{driver.graduasi_id}"
    tasks = read_success(
        await service.get(f"/v1/monitoring?graduasi_id={driver.graduasi_id}", as_=driver.by["field"])
    )
    await set_day(service, date(2026, 8, 2))
    task = tasks["items"][0]["task_id"]
    read_success(
        await service.post(f"/v1/monitoring/{task}/result", {"still_out": True}, as_=driver.by["field"])
    )
    void = {"reason": "SALAH_ISI"}
    read_success(await service.post(f"/v1/monitoring/{task}/void", void, as_=driver.by["field"]))
    read_success(await service.get(f"/v1/monitoring/{task}/void", as_=driver.by["field"]))
    await request_reversal(service, driver, task)
    decided = read_success(await service.get(path, as_=office))["penetapan"]
    reads = (
        "/v1/policy",
        "/v1/policy/SEJAHTERA_MANDIRI",
        "/v1/tahap-calendar",
        "/v1/graduasi",
        f"{path}/history",
    )
    for read in (
        *reads,
        "/v1/sk?year=2026",
        f"/v1/sk/{decided['sk_id']}",
        f"/v1/certificate/{decided['certificate_no']}",
    ):
        read_success(await service.get(read, as_=office))
    tahap = {"year": 2029, "number": 1, "starts_on": "2029-01-01", "cutoff_on": "2028-12-20"}
    key = {"year": 2029, "number": 1}
    for path, body in (("", tahap), ("/removal", key), ("", tahap)):
        read_success(await service.post(f"/v1/tahap-calendar{path}", body, as_=tokens[Role.KEMENSOS]))
    await walk_other_transitions(service, driver)
    await apply_exit_proposal(service, driver, tokens)
    await decide_objections(service, driver, office)
    await request_sk_correction(service, decided, tokens)
    await change_rules(service, driver)
    await issue_bulk_sk(service, tokens)
    return tokens


async def request_reversal(service: Running, driver: CaseDriver, task: str) -> None:
    """Record a result, request its reversal three times, and record it again."""
    result = {"still_out": True}
    read_success(await service.post(f"/v1/monitoring/{task}/result", result, as_=driver.by["field"]))
    official = service.token("DINSOS_KABKOTA", "dinsos-kendal-8", [KENDAL])
    scan = await service.put_file(b"hasil pemeriksaan", as_=official)
    why = {"void_reason": "SALAH_ISI", "reason": "Keluarga lain.", "evidence_sha256": scan}
    path = f"/v1/monitoring/{task}/reversal"
    await walk_requests(service, partial(service.post, path, why, as_=official), official)
    read_success(await service.post(f"/v1/monitoring/{task}/result", result, as_=driver.by["field"]))


async def request_sk_correction(service: Running, decided: dict[str, Any], tokens: Tokens) -> None:
    """Request the correction of an SK three times."""
    scan = await service.put_file(b"pindaian SK", as_=tokens[Role.KEMENSOS])
    body = {"sk_no": "SK/BENAR/2026", "sk_on": decided["sk_on"], "reason": "Salah ketik."}
    path, body = f"/v1/sk/{decided['sk_id']}/correction", body | {"evidence_sha256": scan}
    by = tokens[Role.KEMENSOS]
    await walk_requests(service, partial(service.post, path, body, as_=by), by)


async def issue_bulk_sk(service: Running, tokens: Tokens) -> None:
    """Issue an SK for a file of cases by a job."""
    ministry = tokens[Role.KEMENSOS]
    approved = read_success(await service.get("/v1/graduasi?state=DISETUJUI_DINSOS", as_=ministry))["items"]
    lines = "\n".join(case["graduasi_id"] for case in approved).encode()
    body = {
        "sk_no": "SK/MASSAL/2026",
        "sk_on": "2026-08-03",
        "sha256": await service.put_file(lines, as_=ministry),
    }
    read_success(await service.get("/v1/candidate", as_=ministry))
    asked = read_success(await service.post("/v1/sk/bulk", body, as_=ministry))
    await service.work()
    assert read_success(await service.get(f"/v1/sk/{asked['sk_id']}/penetapan", as_=ministry))["items"]


async def change_rules(service: Running, driver: CaseDriver) -> None:
    """Enact a policy, draft another, and reproduce an assessment under its own version."""
    people = Ministry(service)
    rule = {
        "credited": "PROPOSER",
        "year_of": "SK_ON",
        "area_of": "FAMILY_AT_SK",
        "reversed_by_annulment": True,
    }
    rule |= {"text_en": "Counts once, to who proposed it.", "text_id": "Dihitung satu kali bagi pengusul."}
    read_success(
        await service.post("/v1/credit-rule", {**rule, "basis": "Juknis 2027"}, as_=people.official_token(1))
    )
    read_success(await service.get("/v1/credit-rule", as_=people.official_token(1)))
    await people.enact("2026-09-05", "TIDAK_DITEMUKAN", sanggah_length=31)
    read_success(await people.draft())
    read_success(await people.withdraw(1))
    read_success(
        await people.draft(instrument=await people.build_harder_instrument(), instrument_version=None)
    )
    read_success(await service.get(f"/v1/policy-version/{people.policy_id}", as_=people.official_token(2)))
    shown = read_success(await service.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]))
    path = f"/v1/asesmen/{shown['asesmen']['asesmen_id']}"
    for read in (path, f"{path}/reproduction"):
        read_success(await service.get(read, as_=driver.by["field"]))


async def apply_exit_proposal(service: Running, driver: CaseDriver, tokens: Tokens) -> None:
    """Apply an exit proposal of caseload, for which a case is opened."""
    further = CaseDriver(driver.field, *await driver.field.family())
    await apply_events(service, build_exit_proposed(further))
    read_success(await service.get("/v1/exit-proposal", as_=tokens[Role.DINSOS_KABKOTA]))


async def walk_other_transitions(service: Running, first: CaseDriver) -> None:
    """Return, refuse, postpone, resume and cancel cases, end a family, and leave others open."""
    why = {"reason": "Berkas belum lengkap."}
    refusal, cancellation = choose_grounds()
    ways: list[list[tuple[str, dict[str, Any], str]]] = [
        [("return", why, "verification")],
        [("refusal", {"ground": refusal, **why}, "verification")],
        [("postponement", why, "approval"), ("resumption", why, "approval")],
        [("cancellation", {"ground": cancellation, **why}, "approval")],
    ]
    for steps in ways:
        driver = await build_case(service, first).advance_to("DIUSULKAN", "2026-08-03")
        for noun, body, by in steps:
            read_success(await driver.post(noun, body, by))
    ended = await build_case(service, first).advance_to("SIAP", "2026-08-03")
    await apply_events(service, family_ended(ended.kpm_id, date(2026, 8, 3)))
    for state in ("TERIDENTIFIKASI", "SIAP", "DIVERIFIKASI_KETIM", "DISETUJUI_DINSOS"):
        await build_case(service, first).advance_to(state, "2026-08-03")


async def decide_objections(service: Running, first: CaseDriver, office: str) -> None:
    """Refuse an objection, accept one before and one after the effect, and leave one open."""
    judge = service.token("DINSOS_KABKOTA", "dinsos-kendal-9", [KENDAL])
    late = ("DITERIMA", "2026-05-18", "2026-06-01", PAID)
    for outcome, determined_on, lodged_on, back_pay in (
        *((outcome, "2026-08-03", "2026-08-03", []) for outcome in ("DITOLAK", "DITERIMA", None)),
        late,
    ):
        driver = await build_case(service, first).advance_to("MASA_SANGGAH", determined_on)
        await work_until(service, date(2026, 8, 3))
        paper = {"lodged_on": lodged_on, "lodged_by": "KELUARGA", "channel": "PUSKESOS"}
        paper |= {
            "ground": "KEADAAN_BERUBAH",
            "evidence_sha256": await driver.upload_evidence(b"surat sanggah"),
        }
        lodged = read_success(await driver.post("sanggah", paper, "musyawarah"))
        read_success(await service.get(f"/v1/sanggah/{lodged['sanggah_id']}", as_=office))
        if outcome:
            path = f"/v1/sanggah/{lodged['sanggah_id']}/decision"
            ruling = {"outcome": outcome, "reason": "Keadaan keluarga berubah.", "back_pay": back_pay}
            read_success(await service.post(path, ruling, as_=judge))
    for read in ("sanggah?state=DIAJUKAN", "graduasi?waiting=me", "monitoring?mine=true", "cohort?year=2026"):
        read_success(await service.get(f"/v1/{read}", as_=office))
    await annul_cases(service, first)


async def annul_cases(service: Running, first: CaseDriver) -> None:
    """Annul one penetapan after its effect, with back-pay, and one before."""
    official = service.token("KEMENSOS", "kemensos-8")
    scan = await service.put_file(b"nota dinas", as_=official)
    for determined_on, back_pay in (("2026-05-18", PAID), ("2026-08-03", [])):
        undone = await build_case(service, first).advance_to("MASA_SANGGAH", determined_on)
        await work_until(service, date(2026, 8, 3))
        why = {"ground": "SK_KELIRU", "reason": "Keluarga tertukar dalam lampiran SK.", "back_pay": back_pay}
        path, body = f"/v1/graduasi/{undone.graduasi_id}/annulment", why | {"evidence_sha256": scan}
        await walk_requests(service, partial(service.post, path, body, as_=official), official)
        if back_pay:
            again = {"back_pay": back_pay, "reason": "Salah isi.", "evidence_sha256": scan}
            path = f"/v1/graduasi/{undone.graduasi_id}/back-pay"
            await walk_requests(service, partial(service.post, path, again, as_=official), official)


def choose_grounds() -> tuple[str, str]:
    from services.graduation.review.models import CancellationGround, RefusalGround

    return str(next(iter(RefusalGround))), str(next(iter(CancellationGround)))


class Another(CaseDriver):
    """A case of another family of the same pendamping, whose token reads all of them."""

    async def advance_to(self, state: str, day: str = "2026-05-18") -> "CaseDriver":
        self.kpm_id, self.kepesertaan_id = await self.field.family()
        return await super().advance_to(state, day)


def build_case(service: Running, first: CaseDriver) -> Another:
    del service
    return Another(first.field, first.kpm_id, first.kepesertaan_id)
