"""The transitions of docs/case-lifecycle.md#case-states are the only ones. They are repeated here by hand."""

from datetime import date
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from services.graduation.case.models import Graduasi, GraduasiState
from shared.errors import IllegalTransition
from tests.factories.graduation.case import CaseDriver, set_day
from tests.factories.services import Running

MAIN = {
    "TERIDENTIFIKASI": "DIASESMEN DIUSULKAN",
    "DIASESMEN": "SIAP BELUM_SIAP DIKECUALIKAN",
    "BELUM_SIAP": "DIASESMEN",
    "SIAP": "PERNYATAAN_DITANDATANGANI DIASESMEN",
    "PERNYATAAN_DITANDATANGANI": "DIUSULKAN DIASESMEN",
    "DIUSULKAN": "DIVERIFIKASI_KETIM",
    "DIVERIFIKASI_KETIM": "DIMUSYAWARAHKAN DISETUJUI_DINSOS",
    "DIMUSYAWARAHKAN": "DISETUJUI_DINSOS",
    "DISETUJUI_DINSOS": "DITETAPKAN",
    "DITETAPKAN": "MASA_SANGGAH",
    "MASA_SANGGAH": "DISANGGAH EFEKTIF",
    "EFEKTIF": "DISANGGAH PEMANTAUAN",
    "PEMANTAUAN": "DISANGGAH SELESAI",
    "SELESAI": "PEMANTAUAN",
    "DISANGGAH": "MASA_SANGGAH EFEKTIF DIPULIHKAN",
    "DIKEMBALIKAN": "DIASESMEN DIUSULKAN",
    "DIKECUALIKAN": "DIASESMEN",
}
REVIEWED = ["DIUSULKAN", "DIVERIFIKASI_KETIM", "DIMUSYAWARAHKAN", "DISETUJUI_DINSOS"]
EARLY = [
    "TERIDENTIFIKASI",
    "DIASESMEN",
    "SIAP",
    "BELUM_SIAP",
    "DIKECUALIKAN",
    "PERNYATAAN_DITANDATANGANI",
    "DIKEMBALIKAN",
]
DECIDED = ["DITETAPKAN", "MASA_SANGGAH", "EFEKTIF", "PEMANTAUAN", "SELESAI"]
AGAIN = ["PERNYATAAN_DITANDATANGANI", "DIMUSYAWARAHKAN", "DIKEMBALIKAN"]
STATES = [state.value for state in GraduasiState]


def list_expected_moves() -> set[tuple[str, str]]:
    """Every pair of docs/case-lifecycle.md#case-states, the ways out of DITUNDA aside."""
    pairs = {(source, target) for source, many in MAIN.items() for target in many.split()}
    pairs |= {(source, side) for source in REVIEWED for side in ("DIKEMBALIKAN", "DITOLAK")}
    pairs |= {(source, "DIBATALKAN") for source in EARLY + REVIEWED}
    pairs |= {(source, "DITUNDA") for source in [*EARLY, *REVIEWED, "DITETAPKAN", "MASA_SANGGAH"]}
    pairs |= {(state, state) for state in AGAIN}
    return pairs | {(source, "DIPULIHKAN") for source in DECIDED}


def can_move(source: str, target: str, postponed_from: str | None = None, *, resuming: bool = False) -> bool:
    postponed = GraduasiState(postponed_from) if postponed_from else None
    case = Graduasi(state=GraduasiState(source), postponed_from=postponed, version=1)
    try:
        case.transition_to(GraduasiState(target), date(2026, 5, 18), resuming=resuming)
    except IllegalTransition:
        assert (case.state.value, case.version) == (source, 1)
        return False
    assert (case.state.value, case.version) == (target, 2)
    return True


def test_transitions_are_those_of_chain_md() -> None:
    allowed_pairs = {(a, b) for a in STATES if a != "DITUNDA" for b in STATES if can_move(a, b)}
    assert allowed_pairs == list_expected_moves()


@pytest.mark.parametrize("source", [*EARLY, *REVIEWED, "DITETAPKAN", "MASA_SANGGAH"])
def test_postponed_case_resumes_only_to_its_previous_state(source: str) -> None:
    assert [state for state in STATES if can_move("DITUNDA", state, source, resuming=True)] == [source]
    assert {state for state in STATES if can_move("DITUNDA", state, source)} == leave_postponement(source)


def leave_postponement(source: str) -> set[str]:
    """The states that a postponed case may take without its resumption."""
    if source in REVIEWED:
        return {"DIKEMBALIKAN", "DITOLAK", "DIBATALKAN"}
    return {"DIBATALKAN"} if source in EARLY else {"DIPULIHKAN"}


async def test_history_refuses_an_illegal_transition(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    with pytest.raises(asyncpg.CheckViolationError, match="ck_graduasi_history_move_legal"):
        await graduation.sql(
            "INSERT INTO graduasi_history (graduasi_id, kode_wilayah, from_state, to_state, person, sub, role, at,"
            " policy_version, reason_code)"
            " VALUES ($1, '33.24', 'DIUSULKAN', 'EFEKTIF', 'p', 's', 'r', now(), 1, 'LANGKAH')",
            driver.graduasi_id,
        )


async def test_history_accepts_exactly_the_legal_transitions(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    taken: set[tuple[str, str]] = set()
    refusals: set[str] = set()
    try:
        for source in STATES:
            for target in STATES:
                try:
                    async with connection.transaction():
                        await connection.execute(
                            "INSERT INTO graduasi_history (graduasi_id, kode_wilayah, from_state, to_state, person, sub,"
                            " role, at, policy_version, reason_code)"
                            " VALUES ($1, '33.24', $2, $3, 'p', 's', 'r', now(), 1, 'LANGKAH')",
                            driver.graduasi_id,
                            source,
                            target,
                        )
                    taken.add((source, target))
                except asyncpg.CheckViolationError as error:
                    refusals.add(str(error.constraint_name))
    finally:
        await connection.close()
    ends = ["DIBATALKAN", "DITOLAK", "DIPULIHKAN"]
    back = {("DITUNDA", source) for source in [*EARLY, *REVIEWED, "DITETAPKAN", "MASA_SANGGAH", *ends]}
    assert (taken, refusals) == (list_expected_moves() | back, {"ck_graduasi_history_move_legal"})


async def test_sk_accepts_only_approved_cases(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    for state in STATES:
        if state == "DISETUJUI_DINSOS":
            continue
        await force_state(driver, state)
        answer = await driver.determine("2026-05-18")
        assert (answer.status_code, answer.json()["title"]) == (409, "CasesNotApproved"), state
    await force_state(driver, "DISETUJUI_DINSOS")
    assert (await driver.determine("2026-05-18")).status_code == 201


ALLOWED = {
    "asesmen": {
        "TERIDENTIFIKASI",
        "SIAP",
        "BELUM_SIAP",
        *("PERNYATAAN_DITANDATANGANI", "DIKEMBALIKAN", "DIKECUALIKAN"),
    },
    "pernyataan": {"SIAP", "PERNYATAAN_DITANDATANGANI"},
    "proposal": {"PERNYATAAN_DITANDATANGANI", "DIKEMBALIKAN"},
    "verification": {"DIUSULKAN"},
    "musyawarah": {"DIVERIFIKASI_KETIM", "DIMUSYAWARAHKAN"},
    "approval": {"DIMUSYAWARAHKAN"},
    "return": {*REVIEWED, "DIKEMBALIKAN"},
    "refusal": set(REVIEWED),
    "postponement": {*EARLY, *REVIEWED, "DITETAPKAN", "MASA_SANGGAH"},
    "resumption": {"DITUNDA"},
    "cancellation": {*EARLY, *REVIEWED, "DITUNDA"},
}
BY = {
    "asesmen": "field",
    "pernyataan": "field",
    "proposal": "field",
    "musyawarah": "musyawarah",
    "verification": "verification",
}


async def force_state(driver: CaseDriver, state: str) -> None:
    """Put the case into a state that no command of this slice reaches by itself."""
    await driver.service.execute(
        "SET session_replication_role = replica; UPDATE graduasi SET state = target,"
        " outcome = CASE WHEN target = 'SELESAI' THEN 'BERTAHAN' END,"
        " postponed_from = CASE WHEN target = 'DITUNDA' THEN 'SIAP' END"
        f" FROM (VALUES ('{state}')) AS row (target) WHERE graduasi_id = '{driver.graduasi_id}'"
    )


async def build_bodies(driver: CaseDriver) -> dict[str, Any]:
    because = {"reason": "Perlu diperiksa lagi."}
    evidence = await driver.upload_evidence()
    paper = {"evidence_sha256": evidence}
    return {
        "asesmen": await driver.build_answers(HEALTH_COVER_PLAN=False),
        "pernyataan": {**paper, "signed_on": "2026-05-18", "offers_sha256": evidence},
        "musyawarah": {**paper, "berita_acara_no": "BA/1", "held_on": "2026-05-18"},
        "return": because,
        "postponement": because,
        "resumption": because,
        "refusal": {**because, "ground": "BUKTI_LEMAH"},
        "cancellation": {**because, "ground": "DASAR_GUGUR"},
    }


async def test_each_command_is_refused_from_other_states(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("PERNYATAAN_DITANDATANGANI")
    body = await build_bodies(driver)
    for noun, allowed in ALLOWED.items():
        for state in STATES:
            await force_state(driver, state)
            answer = await driver.post(noun, body.get(noun, {}), BY.get(noun, "approval"))
            assert (answer.status_code == 201) == (state in allowed), (noun, state, answer.text)
            if state not in allowed:
                assert answer.json()["title"] in {
                    "IllegalTransition",
                    "MusyawarahMissing",
                    "CaseNotPostponed",
                }, (
                    noun,
                    state,
                    answer.text,
                )


async def test_history_has_actor_time_reason_and_policy_version(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    answer = await graduation.get(
        f"/v1/graduasi/{driver.graduasi_id}/history?limit=4", as_=driver.by["approval"]
    )
    first = answer.json()
    second = (await graduation.get(first["next"], as_=driver.by["approval"])).json()
    third = (await graduation.get(second["next"], as_=driver.by["approval"])).json()
    items = first["items"] + second["items"] + third["items"]
    path = [
        "TERIDENTIFIKASI",
        "DIASESMEN",
        "SIAP",
        "PERNYATAAN_DITANDATANGANI",
        "DIUSULKAN",
        "DIVERIFIKASI_KETIM",
    ]
    path += ["DIMUSYAWARAHKAN", "DISETUJUI_DINSOS", "DITETAPKAN", "MASA_SANGGAH"]
    assert [(item["from_state"], item["to_state"]) for item in items] == list(pairwise([None, *path]))
    assert third["next"] is None
    assert {item["policy_version"] for item in items} == {1}
    opening, proposal, deliberation = items[0], items[4], items[7]
    by_field = (f"pendamping-{driver.field.pendamping_id}", "PENDAMPING", str(driver.field.pendamping_id))
    for one in (opening, proposal):
        assert (one["sub"], one["role"], one["pendamping_id"]) == by_field
    assert (deliberation["sub"], deliberation["pendamping_id"]) == ("dinsos-kendal-1", None)
    assert [one["reason_code"] for one in items] == ["PEMBUKAAN", *["LANGKAH"] * 8, "PENGUMUMAN"]
    assert items[3]["evidence_sha256"] is not None
    assert items[5]["reason"] == "Ditemui di rumah."
    assert all(item["at"].startswith("2026-05-18T03:") for item in items)


@pytest.mark.parametrize(
    "table",
    ["graduasi_history", "stage_act", "asesmen", "pernyataan", "usul", "sk_correction", "certificate"],
)
async def test_service_roles_cannot_change_append_only_rows(graduation: Running, table: str) -> None:
    await set_day(graduation, date(2026, 5, 18))
    for role in (graduation.settings.database_url, graduation.settings.worker_database_url):
        connection = await asyncpg.connect(role)
        try:
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
            column = (
                await graduation.sql(
                    "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 2", table
                )
            )[0][0]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"UPDATE {table} SET {column} = NULL")
        finally:
            await connection.close()
