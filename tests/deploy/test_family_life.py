"""deploy/demo/life: who did it, whom it names, and why, as an auditor reads it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.life import Step, lines, names_of
from deploy.demo.outboxes import Told

KPM, S = "0198a000-0000-7000-8000-000000000001", "0198a000-0000-7000-8000-000000000002"
FIRST, SECOND = "0198a000-0000-7000-8000-000000000003", "0198a000-0000-7000-8000-000000000004"
BANK = "0198a000-0000-7000-8000-000000000005"
AT = datetime(2026, 5, 18, 3, tzinfo=UTC)


def fact(
    wire: str,
    actor: str,
    *,
    key: str = KPM,
    event_id: str = "",
    cause: str = "",
    at: datetime = AT,
    **data: Any,
) -> Told:
    envelope = {"id": event_id or wire, "time": at.isoformat(), "actor": actor, "data": data}
    if cause:
        envelope["causationid"] = cause
    return Told(wire.partition(".")[0], 1, AT, f"pilar.{wire.partition('.')[0]}", key, f"{wire}.v1", envelope)


def told(*facts: Told) -> list[str]:
    people = {"pendamping-1": {"pendamping_id": S}, "BANK_KUR": {"partner_id": BANK}}
    return list(lines(KPM, list(facts), names_of(facts, people)))


def test_a_pendamping_and_a_partner_are_named_as_everybody_calls_them() -> None:
    shown = told(
        fact(
            "registry.pendamping_registered", "kemensos-1", key=S, pendamping_id=S, pendamping_no="PD-000017"
        ),
        fact(
            "registry.pendamping_status_changed",
            "kemensos-1",
            key=S,
            pendamping_id=S,
            pendamping_no="PD-000017",
        ),
        fact("caseload.dampingan_started", "dinsos-kendal-1", pendamping_id=S, purpose="PENDAMPINGAN"),
        fact("referral.rujukan_sent", "system:referral", partner_id=BANK, program_code="KUR_SUPERMIKRO"),
    )
    assert "by dinsos-kendal-1      pendamping PD-000017 (pendamping-1), purpose PENDAMPINGAN" in shown[4]
    assert "partner BANK_KUR, program_code KUR_SUPERMIKRO" in shown[5]
    assert S not in "".join(shown)


def test_what_a_service_did_by_itself_names_the_fact_that_it_answers() -> None:
    shown = told(
        fact("graduation.kpm_graduated", "system:graduation", event_id="e1", graduasi_id=FIRST),
        fact(
            "caseload.kepesertaan_ended",
            "system:caseload",
            cause="e1",
            graduasi_id=FIRST,
            valid_to="2026-07-01",
        ),
    )
    assert shown[-2].endswith("valid_to 2026-07-01, after graduation.kpm_graduated")
    assert "after" not in shown[-3]


def test_two_cases_of_a_family_are_told_apart_and_one_has_no_number() -> None:
    one = fact("graduation.graduasi_closed", "dinsos-kendal-1", graduasi_id=FIRST, reason="BELUM_LAYAK")
    two = fact("graduation.graduasi_proposed", "pendamping-1", graduasi_id=SECOND)
    assert "case" not in told(one)[2].replace("graduation.graduasi_closed", "")
    assert ["case 1" in told(one, two)[2], "case 2" in told(one, two)[3]] == [True, True]
    assert "reason BELUM_LAYAK" in told(one)[2]


def test_each_stage_is_there_with_its_person_role_and_reason_in_its_place() -> None:
    day = timedelta(days=1)
    facts = [
        fact("graduation.graduasi_proposed", "pendamping-1", graduasi_id=FIRST),
        fact("caseload.kunjungan_recorded", "pendamping-1", at=AT + 3 * day),
        fact("graduation.graduasi_determined", "kemensos-1", graduasi_id=FIRST, at=AT + 4 * day),
    ]
    steps = [
        Step(AT, FIRST, "PERNYATAAN_DITANDATANGANI", "DIUSULKAN", "pendamping-1", "PENDAMPING", None),
        Step(
            AT + 2 * day, FIRST, "DIUSULKAN", "DIVERIFIKASI_KETIM", "ketua-1", "KETUA_TIM_KABKOTA", "Ditemui."
        ),
        Step(AT + 4 * day, FIRST, "DISETUJUI_DINSOS", "DITETAPKAN", "kemensos-1", "KEMENSOS", "12/SK"),
    ]
    shown = [line for line in lines(KPM, facts, {}, steps) if line.startswith("  ")]
    found = [line.split()[1] for line in shown]
    wanted = [
        "PERNYATAAN_DITANDATANGANI",
        "graduation.graduasi_proposed",
        "DIUSULKAN",
        "caseload.kunjungan_recorded",
    ]
    assert found == [*wanted, "DISETUJUI_DINSOS", "graduation.graduasi_determined"]
    assert shown[2].endswith("as KETUA_TIM_KABKOTA, reason Ditemui.")
