"""deploy/demo/timeline.py: actors, names and causes in a family's timeline."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.outboxes import RecordedEvent
from deploy.demo.timeline import Step, lines, names_of

KPM, S = "0198a000-0000-7000-8000-000000000001", "0198a000-0000-7000-8000-000000000002"
FIRST, SECOND = "0198a000-0000-7000-8000-000000000003", "0198a000-0000-7000-8000-000000000004"
BANK = "0198a000-0000-7000-8000-000000000005"
AT = datetime(2026, 5, 18, 3, tzinfo=UTC)


def build_event(
    wire: str,
    actor: str,
    *,
    key: str = KPM,
    event_id: str = "",
    cause: str = "",
    at: datetime = AT,
    **data: Any,
) -> RecordedEvent:
    envelope = {"id": event_id or wire, "time": at.isoformat(), "actor": actor, "data": data}
    if cause:
        envelope["causationid"] = cause
    return RecordedEvent(
        wire.partition(".")[0], 1, AT, f"pilar.{wire.partition('.')[0]}", key, f"{wire}.v1", envelope
    )


def read_lines(*events: RecordedEvent) -> list[str]:
    people = {"pendamping-1": {"pendamping_id": S}, "BANK_KUR": {"partner_id": BANK}}
    return list(lines(KPM, list(events), names_of(events, people)))


def test_pendamping_and_partner_are_shown_by_name() -> None:
    shown = read_lines(
        build_event(
            "registry.pendamping_registered", "kemensos-1", key=S, pendamping_id=S, pendamping_no="PD-000017"
        ),
        build_event(
            "registry.pendamping_status_changed",
            "kemensos-1",
            key=S,
            pendamping_id=S,
            pendamping_no="PD-000017",
        ),
        build_event("caseload.dampingan_started", "dinsos-kendal-1", pendamping_id=S, purpose="PENDAMPINGAN"),
        build_event(
            "referral.rujukan_sent", "system:referral", partner_id=BANK, program_code="KUR_SUPERMIKRO"
        ),
    )
    assert "by dinsos-kendal-1      pendamping PD-000017 (pendamping-1), purpose PENDAMPINGAN" in shown[4]
    assert "partner BANK_KUR, program_code KUR_SUPERMIKRO" in shown[5]
    assert S not in "".join(shown)


def test_reaction_names_the_event_that_caused_it() -> None:
    shown = read_lines(
        build_event("graduation.kpm_graduated", "system:graduation", event_id="e1", graduasi_id=FIRST),
        build_event(
            "caseload.kepesertaan_ended",
            "system:caseload",
            cause="e1",
            graduasi_id=FIRST,
            valid_to="2026-07-01",
        ),
    )
    assert shown[-2].endswith("valid_to 2026-07-01, after graduation.kpm_graduated")
    assert "after" not in shown[-3]


def test_cases_are_numbered_if_there_are_several() -> None:
    one = build_event(
        "graduation.graduasi_closed", "dinsos-kendal-1", graduasi_id=FIRST, reason="BELUM_LAYAK"
    )
    two = build_event("graduation.graduasi_proposed", "pendamping-1", graduasi_id=SECOND)
    assert "case" not in read_lines(one)[2].replace("graduation.graduasi_closed", "")
    assert ["case 1" in read_lines(one, two)[2], "case 2" in read_lines(one, two)[3]] == [True, True]
    assert "reason BELUM_LAYAK" in read_lines(one)[2]


def test_case_steps_are_in_order_with_actor_role_and_reason() -> None:
    day = timedelta(days=1)
    events = [
        build_event("graduation.graduasi_proposed", "pendamping-1", graduasi_id=FIRST),
        build_event("caseload.kunjungan_recorded", "pendamping-1", at=AT + 3 * day),
        build_event("graduation.graduasi_determined", "kemensos-1", graduasi_id=FIRST, at=AT + 4 * day),
    ]
    steps = [
        Step(AT, FIRST, "PERNYATAAN_DITANDATANGANI", "DIUSULKAN", "pendamping-1", "PENDAMPING", None),
        Step(
            AT + 2 * day, FIRST, "DIUSULKAN", "DIVERIFIKASI_KETIM", "ketua-1", "KETUA_TIM_KABKOTA", "Ditemui."
        ),
        Step(AT + 4 * day, FIRST, "DISETUJUI_DINSOS", "DITETAPKAN", "kemensos-1", "KEMENSOS", "12/SK"),
    ]
    shown = [line for line in lines(KPM, events, {}, steps) if line.startswith("  ")]
    names = [line.split()[1] for line in shown]
    first = [
        "PERNYATAAN_DITANDATANGANI",
        "graduation.graduasi_proposed",
        "DIUSULKAN",
        "caseload.kunjungan_recorded",
    ]
    assert names == [*first, "DISETUJUI_DINSOS", "graduation.graduasi_determined"]
    assert shown[2].endswith("as KETUA_TIM_KABKOTA, reason Ditemui.")
