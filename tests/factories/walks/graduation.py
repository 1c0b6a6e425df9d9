"""A walk through graduation."""

from datetime import date
from typing import Any

from shared.access import Role
from tests.factories.cluster import Cluster
from tests.factories.graduation.case import CaseDriver, at, work_until
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.exit_proposal import proposal
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running
from tests.factories.walks.platform import Tokens, done, officials


async def graduation(service: Running, _: Cluster) -> Tokens:
    """Bring one case to monitoring, and others through every other transition."""
    driver = await (await CaseDriver.start(service)).to("MASA_SANGGAH")
    await work_until(service, date(2026, 7, 2))
    tokens = officials(service, PENDAMPING=driver.by["field"])
    office, path = tokens[Role.DINSOS_KABKOTA], f"/v1/graduasi/{driver.graduasi_id}"
    tasks = done(
        await service.get(f"/v1/monitoring?graduasi_id={driver.graduasi_id}", as_=driver.by["field"])
    )
    await at(service, date(2026, 8, 2))
    task = tasks["items"][0]["task_id"]
    done(await service.post(f"/v1/monitoring/{task}/result", {"still_out": True}, as_=driver.by["field"]))
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
    await other_transitions(service, driver)
    await proposed_exits(service, driver, tokens)
    await objections(service, driver, office)
    await rules_that_change(service, driver)
    await one_sk_for_many(service, tokens)
    return tokens


async def one_sk_for_many(service: Running, tokens: Tokens) -> None:
    """Issue an SK for a file of cases by a job."""
    ministry = tokens[Role.KEMENSOS]
    approved = done(await service.get("/v1/graduasi?state=DISETUJUI_DINSOS", as_=ministry))["items"]
    lines = "\n".join(case["graduasi_id"] for case in approved).encode()
    body = {
        "sk_no": "SK/MASSAL/2026",
        "sk_on": "2026-08-03",
        "sha256": await service.put_file(lines, as_=ministry),
    }
    done(await service.get("/v1/candidate", as_=ministry))
    asked = done(await service.post("/v1/sk/bulk", body, as_=ministry))
    await service.work()
    assert done(await service.get(f"/v1/sk/{asked['sk_id']}/penetapan", as_=ministry))["items"]


async def rules_that_change(service: Running, driver: CaseDriver) -> None:
    """Enact a policy, draft another, and reproduce an assessment under its own version."""
    people = Ministry(service)
    rule = {
        "credited": "PROPOSER",
        "year_of": "SK_ON",
        "area_of": "FAMILY_AT_SK",
        "reversed_by_annulment": True,
    }
    rule |= {"text_en": "Counts once, to who proposed it.", "text_id": "Dihitung satu kali bagi pengusul."}
    done(await service.post("/v1/credit-rule", {**rule, "basis": "Juknis 2027"}, as_=people.official(1)))
    done(await service.get("/v1/credit-rule", as_=people.official(1)))
    await people.enact("2026-09-05", "TIDAK_DITEMUKAN", sanggah_length=31)
    done(await people.draft())
    done(await people.withdraw(1))
    done(await people.draft(instrument=await people.harder(), instrument_version=None))
    done(await service.get(f"/v1/policy-version/{people.policy_id}", as_=people.official(2)))
    shown = done(await service.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]))
    path = f"/v1/asesmen/{shown['asesmen']['asesmen_id']}"
    for read in (path, f"{path}/reproduction"):
        done(await service.get(read, as_=driver.by["field"]))


async def proposed_exits(service: Running, driver: CaseDriver, tokens: Tokens) -> None:
    """Apply an exit proposal of caseload, for which a case is opened."""
    further = CaseDriver(driver.field, *await driver.field.family())
    await apply_events(service, proposal(further))
    done(await service.get("/v1/exit-proposal", as_=tokens[Role.DINSOS_KABKOTA]))


async def other_transitions(service: Running, first: CaseDriver) -> None:
    """Return, refuse, postpone, resume and cancel cases, and leave others open."""
    why = {"reason": "Berkas belum lengkap."}
    refusal, cancellation = grounds()
    ways: list[list[tuple[str, dict[str, Any], str]]] = [
        [("return", why, "verification")],
        [("refusal", {"ground": refusal, **why}, "verification")],
        [("postponement", why, "approval"), ("resumption", why, "approval")],
        [("cancellation", {"ground": cancellation, **why}, "approval")],
    ]
    for steps in ways:
        driver = await another(service, first).to("DIUSULKAN", "2026-08-03")
        for noun, body, by in steps:
            done(await driver.post(noun, body, by))
    for state in ("TERIDENTIFIKASI", "SIAP", "DIVERIFIKASI_KETIM", "DISETUJUI_DINSOS"):
        await another(service, first).to(state, "2026-08-03")


async def objections(service: Running, first: CaseDriver, office: str) -> None:
    """Refuse one objection, accept another, and leave a third open."""
    judge = service.token("DINSOS_KABKOTA", "dinsos-kendal-9", [KENDAL])
    for outcome in ("DITOLAK", "DITERIMA", None):
        driver = await another(service, first).to("MASA_SANGGAH", "2026-08-03")
        paper = {"lodged_on": "2026-08-03", "lodged_by": "KELUARGA", "channel": "PUSKESOS"}
        paper |= {"ground": "KEADAAN_BERUBAH", "evidence_sha256": await driver.evidence(b"surat sanggah")}
        lodged = done(await driver.post("sanggah", paper, "musyawarah"))
        done(await service.get(f"/v1/sanggah/{lodged['sanggah_id']}", as_=office))
        if outcome:
            path = f"/v1/sanggah/{lodged['sanggah_id']}/decision"
            ruling = {"outcome": outcome, "reason": "Keadaan keluarga berubah."}
            done(await service.post(path, ruling, as_=judge))
    for read in ("sanggah?state=DIAJUKAN", "graduasi?waiting=me", "monitoring?mine=true", "cohort?year=2026"):
        done(await service.get(f"/v1/{read}", as_=office))
    await annulments(service, first, judge)


async def annulments(service: Running, first: CaseDriver, judge: str) -> None:
    """Annul one penetapan after its effect, with back-pay, and one before."""
    paid = [{"tahap": "2026-3", "paid": True, "reason": "Keluarga tetap berhak pada tahap ini."}]
    for determined_on, back_pay in (("2026-05-18", paid), ("2026-08-03", [])):
        undone = await another(service, first).to("MASA_SANGGAH", determined_on)
        await work_until(service, date(2026, 8, 3))
        why = {"ground": "SK_KELIRU", "reason": "Keluarga tertukar dalam lampiran SK.", "back_pay": back_pay}
        done(await service.post(f"/v1/graduasi/{undone.graduasi_id}/annulment", why, as_=judge))


def grounds() -> tuple[str, str]:
    from services.graduation.review.commands import CancellationGround, RefusalGround

    return str(next(iter(RefusalGround))), str(next(iter(CancellationGround)))


class Another(CaseDriver):
    """A case of another family of the same pendamping, whose token reads all of them."""

    async def to(self, state: str, day: str = "2026-05-18") -> "CaseDriver":
        self.kpm_id, self.kepesertaan_id = await self.field.family()
        return await super().to(state, day)


def another(service: Running, first: CaseDriver) -> Another:
    del service
    return Another(first.field, first.kpm_id, first.kepesertaan_id)
