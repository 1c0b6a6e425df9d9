"""What a case says its reader may do is what the commands answer."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.demo.answers import WITH_EVIDENCE
from tests.factories.actions import ACCEPTED, Call, find_wrong_actions
from tests.factories.graduation.case import OFFERS, CaseDriver, expect_ok
from tests.factories.graduation.events import DESA, KENDAL
from tests.factories.graduation.monitoring import create_monitored_case, record_monitoring
from tests.factories.graduation.objection import lodge_sanggah
from tests.factories.papers import build_pdf
from tests.factories.services import Running

DAY = "2026-05-18"
STEPS = (
    *("TERIDENTIFIKASI", "SIAP", "PERNYATAAN_DITANDATANGANI", "DIUSULKAN", "DIVERIFIKASI_KETIM"),
    *("DIMUSYAWARAHKAN", "DISETUJUI_DINSOS", "MASA_SANGGAH"),
)
REASON = {"reason": "Berkas kurang lengkap."}
SIDES: dict[str, tuple[str, dict[str, Any], str]] = {
    "DIKEMBALIKAN": ("return", REASON, "verification"),
    "DITOLAK": ("refusal", REASON | {"ground": "LAINNYA"}, "verification"),
    "DITUNDA": ("postponement", REASON, "verification"),
    "DIBATALKAN": ("cancellation", REASON | {"ground": "LAINNYA"}, "field"),
}


async def reach(service: Running, state: str) -> CaseDriver:
    """Return a case in a state. One beside the process leaves it at DIUSULKAN."""
    driver = await (await CaseDriver.start(service)).advance_to(state if state in STEPS else "DIUSULKAN", DAY)
    if state in SIDES:
        noun, body, by = SIDES[state]
        paper = await service.put_file(b"surat", as_=driver.by[by])
        expect_ok(await driver.post(noun, body | {"evidence_sha256": paper}, by))
    return driver


def readers(driver: CaseDriver) -> dict[str, str]:
    """Return tokens of actors in the case, strangers, and people with two roles."""
    service, issuer = driver.service, driver.service.cluster.issuer
    both = ["KETUA_TIM_KABKOTA", "DINSOS_KABKOTA"]
    own = {"pendamping_id": driver.field.pendamping_id}
    return driver.by | {
        "other lead": service.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-7", [KENDAL]),
        "other office": service.token("DINSOS_KABKOTA", "dinsos-kendal-7", [KENDAL]),
        "village": service.token("KEPALA_DESA", "kepala-desa-1", [DESA]),
        "auditor": service.token("AUDITOR", "auditor-1", [KENDAL]),
        "lead and office": issuer.token(both, "ketua-tim-kendal-1", [KENDAL]),
        "field and office": issuer.token(["PENDAMPING", both[1]], "dinsos-kendal-6", [KENDAL], **own),
    }


async def calls_of(driver: CaseDriver, token: str) -> Mapping[str, Call]:
    """Return a valid request of the caller for each action of a case."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    paper = (
        await driver.service.client.post("/v1/files", content=build_pdf(b"surat"), headers=headers)
    ).json()
    scan = {"evidence_sha256": paper.get("sha256", "0" * 64)}
    answers = (await driver.build_answers())["answers"]
    for code in WITH_EVIDENCE:
        answers[code] |= scan
    case = f"/v1/graduasi/{driver.graduasi_id}"
    sanggah = {
        "lodged_on": DAY,
        "lodged_by": "MASYARAKAT",
        "channel": "PUSKESOS",
        "ground": "KEADAAN_BERUBAH",
    }
    return {
        "assess_graduasi": (f"{case}/asesmen", {"answers": answers}),
        "sign_pernyataan": (f"{case}/pernyataan", {"signed_on": DAY, "offers_sha256": OFFERS} | scan),
        "propose_graduasi": (f"{case}/proposal", {}),
        "verify_graduasi": (f"{case}/verification", {}),
        "deliberate_graduasi": (f"{case}/musyawarah", {"berita_acara_no": "BA/1", "held_on": DAY} | scan),
        "approve_graduasi": (f"{case}/approval", {}),
        "determine_graduasi": (
            "/v1/sk",
            {"sk_no": "SK/1/A", "sk_on": DAY, "graduasi_ids": [driver.graduasi_id]},
        ),
        "return_graduasi": (f"{case}/return", REASON | scan),
        "refuse_graduasi": (f"{case}/refusal", REASON | scan | {"ground": "LAINNYA"}),
        "postpone_graduasi": (f"{case}/postponement", REASON | scan),
        "resume_graduasi": (f"{case}/resumption", REASON | scan),
        "cancel_graduasi": (f"{case}/cancellation", REASON | scan | {"ground": "LAINNYA"}),
        "lodge_sanggah": (f"{case}/sanggah", sanggah | scan),
        "annul_graduasi": (f"{case}/annulment", REASON | scan | {"ground": "DATA_KELIRU"}),
        "correct_back_pay": (f"{case}/back-pay", REASON | scan | {"back_pay": []}),
    }


async def read_actions(driver: CaseDriver, token: str) -> list[dict[str, Any]]:
    answer: httpx.Response = await driver.service.get(f"/v1/graduasi/{driver.graduasi_id}", as_=token)
    return expect_ok(answer, 200)["actions"]


async def read_listed(driver: CaseDriver, token: str, query: str) -> list[dict[str, Any]]:
    """Return the actions of the case in a list, if it is there."""
    answer = await driver.service.get(f"/v1/graduasi?{query}", as_=token)
    items = expect_ok(answer, 200)["items"]
    return [action for one in items if one["graduasi_id"] == driver.graduasi_id for action in one["actions"]]


@pytest.mark.parametrize("state", [*STEPS, *SIDES])
async def test_actions_of_a_case_are_those_that_its_commands_take(
    graduation: Running, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = await reach(graduation, state)
    wrong, allowed = list[str](), set[str]()
    for name, token in readers(driver).items():
        calls, actions = await calls_of(driver, token), await read_actions(driver, token)
        assert [action["operation"] for action in actions] == [*calls]
        allowed |= {action["operation"] for action in actions if action["allowed"] == "YES"}
        lists = [await read_listed(driver, token, query) for query in ("limit=200", "waiting=me&limit=200")]
        allowed |= {one["operation"] for one in lists[1] if one["allowed"] == "YES"}
        with monkeypatch.context() as patched:
            patched.setenv("PILAR_FAULTPOINT", ACCEPTED)
            faults = await find_wrong_actions(graduation, actions, calls, token)
            for listed in lists:
                wrong += [
                    f"{name} listed: {one}"
                    for one in await find_wrong_actions(graduation, listed, calls, token)
                ]
        wrong += [f"{name}: {one}" for one in faults]
        assert await driver.read_state() == state
    assert wrong == []
    assert allowed or state in {"MASA_SANGGAH", "DITOLAK", "DIBATALKAN"}


async def test_a_case_shows_its_objections_and_monitoring(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", DAY)
    expect_ok(await lodge_sanggah(driver, date.fromisoformat(DAY)))
    case, lists = f"/v1/graduasi/{driver.graduasi_id}", {}
    for name in ("sanggah", "monitoring"):
        query = f"graduasi_id={driver.graduasi_id}" + ("&open_only=false" if name == "monitoring" else "")
        listed = await graduation.get(f"/v1/{name}?{query}", as_=driver.by["approval"])
        lists[name] = expect_ok(listed, 200)["items"]
    shown = expect_ok(await graduation.get(case, as_=driver.by["approval"]), 200)
    assert {name: shown[name] for name in lists} == lists
    assert [len(items) for items in lists.values()] == [1, 0]


async def test_actions_of_a_sanggah_are_those_that_its_decision_takes(
    graduation: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", DAY)
    path = f"/v1/sanggah/{expect_ok(await lodge_sanggah(driver, date.fromisoformat(DAY)))['sanggah_id']}"
    calls: Mapping[str, Call] = {
        "decide_sanggah": (f"{path}/decision", {"outcome": "DITOLAK", "reason": "Data sudah sesuai."})
    }
    titles, reasons = dict[str, tuple[str, str | None]](), dict[str, Any]()
    for name, token in readers(driver).items():
        (action,) = expect_ok(await graduation.get(path, as_=token), 200)["actions"]
        with monkeypatch.context() as patched:
            patched.setenv("PILAR_FAULTPOINT", ACCEPTED)
            assert await find_wrong_actions(graduation, [action], calls, token) == []
        titles[name] = (action["allowed"], action["why"])
        reasons[name] = action["reason"]
    assert titles["other office"] == ("UNKNOWN", None)
    assert titles["approval"] == ("NO", "SamePersonTwice")
    assert titles["auditor"] == ("NO", "NotAllowed")
    assert reasons["other office"] is None
    assert reasons["auditor"]["id"].startswith("Peran atau wilayah Anda")


async def test_actions_of_listed_tasks_are_those_that_its_commands_take(
    graduation: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    scan = await graduation.put_file(b"surat", as_=driver.by["approval"])
    listed, wrong = dict[str, list[dict[str, Any]]](), list[str]()
    for name, token in readers(driver).items():
        path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}&open_only=false"
        items = expect_ok(await graduation.get(path, as_=token), 200)["items"]
        listed[name] = [action for one in items[:2] for action in one["actions"]]
        for one in items[:2]:
            task = f"/v1/monitoring/{one['task_id']}"
            calls: Mapping[str, Call] = {
                "record_monitoring": (f"{task}/result", {"still_out": True}),
                "void_monitoring": (f"{task}/void", {"reason": "SALAH_KELUARGA"}),
                "reverse_monitoring": (
                    f"{task}/reversal",
                    REASON | {"void_reason": "SALAH_KELUARGA", "evidence_sha256": scan},
                ),
            }
            with monkeypatch.context() as patched:
                patched.setenv("PILAR_FAULTPOINT", ACCEPTED)
                wrong += await find_wrong_actions(graduation, one["actions"], calls, token)
    assert wrong == []
    assert [one["why"] for one in listed["field"]] == [
        *("MonitoringAlreadyRecorded", None, "NotAllowed"),
        *(None, "MonitoringNotRecorded", "NotAllowed"),
    ]
    assert listed["approval"][2]["allowed"] == "UNKNOWN"
