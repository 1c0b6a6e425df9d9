"""Terms of a placement that were recorded wrongly are corrected in place."""

from typing import Any

import pytest

from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal

RIGHT: dict[str, Any] = {"sk_no": "9/SK/2025", "sk_on": "2025-10-01", "employer_status": "RELAWAN"}


async def read_placement(registry: Running, pendamping: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    shown = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    return shown["penugasan"][0]


async def test_correction_stores_the_values_before_and_is_published(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    corrected = commands.expect_ok(await commands.correct_penugasan(registry, penugasan, **RIGHT))
    assert {name: corrected[name] for name in RIGHT} == RIGHT
    shown = await read_placement(registry, pendamping)
    (correction,) = shown["corrections"]
    assert correction["before"] == {name: penugasan[name] for name in RIGHT}
    assert (correction["after"], correction["recorded_by"]) == (RIGHT, "kemensos-1")
    event = (await registry.read_envelopes())[-1]
    assert (event["type"], event["data"]["employer_status"], event["data"]["restored_from"]) == (
        "registry.penugasan_started.v1",
        "RELAWAN",
        None,
    )
    count = len(await registry.read_envelopes())
    again = commands.expect_ok(await commands.correct_penugasan(registry, penugasan, **RIGHT))
    assert (again, len(await registry.read_envelopes())) == (corrected, count)


async def test_wrong_correction_is_corrected_back(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    for terms in (RIGHT, {name: penugasan[name] for name in RIGHT}):
        commands.expect_ok(await commands.correct_penugasan(registry, penugasan, **terms))
    shown = await read_placement(registry, pendamping)
    assert ({name: shown[name] for name in RIGHT}, len(shown["corrections"])) == (
        {name: penugasan[name] for name in RIGHT},
        2,
    )


async def test_supervisor_is_set_and_cleared(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    other = await commands.register_pendamping(registry, "3324070101909001")
    named = {"supervisor_id": other["pendamping_id"]}
    commands.expect_ok(await commands.correct_penugasan(registry, penugasan, **named))
    assert (await read_placement(registry, pendamping))["supervisor_id"] == other["pendamping_id"]
    cleared = commands.expect_ok(await commands.correct_penugasan(registry, penugasan, supervisor_id=None))
    assert cleared["supervisor_id"] is None
    own = {"supervisor_id": pendamping["pendamping_id"]}
    expect_refusal(await commands.correct_penugasan(registry, penugasan, **own), "SupervisorUnknown", 422)


async def test_second_paid_post_is_refused_in_a_correction_too(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    terms = {"kind": "TKSK", "ditjen": "DAYASOS", "employer_status": "RELAWAN"}
    other = commands.expect_ok(await commands.start_penugasan(registry, pendamping, **terms))
    paid = await commands.correct_penugasan(registry, other, employer_status="PPPK")
    expect_refusal(paid, "RolesConflict")
    lembaga = await commands.correct_penugasan(registry, other, employer_status="LEMBAGA")
    expect_refusal(lembaga, "SubjectNotAllowed", 422)


async def test_end_of_a_corrected_placement_is_taken_back(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    id_ = penugasan["penugasan_id"]
    commands.expect_ok(await commands.end_range(registry, "penugasan", id_, "2026-02-01"))
    commands.expect_ok(await commands.correct_penugasan(registry, penugasan, **RIGHT))
    assert (await registry.read_envelopes())[-1]["data"]["valid_to"] == "2026-02-01"
    commands.expect_ok(await commands.restore_range(registry, "penugasan", id_))
    shown = await read_placement(registry, pendamping)
    assert (shown["valid_to"], shown["wilayah_tugas"][0]["valid_to"]) == (None, None)


@pytest.mark.parametrize(("role", "area"), [("KEMENSOS", "33"), ("DINSOS_KABKOTA", "33.24")])
async def test_only_the_ministry_corrects_a_placement(registry: Running, role: str, area: str) -> None:
    _, penugasan = await commands.register_placed_pendamping(registry)
    other = registry.token(role, "other-1", [area])
    answer = await commands.correct_penugasan(registry, penugasan, other, **RIGHT)
    expect_refusal(answer, "NotAllowed", 403)


@pytest.mark.parametrize("first", ["2025-09-15", "2025-11-01"])
async def test_wrong_first_day_is_corrected_with_the_areas_that_began_on_it(
    registry: Running, first: str
) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    later = await commands.place_wilayah_tugas(registry, penugasan, "33.24.08", valid_from="2026-01-01")
    commands.expect_ok(later)
    count = len(await registry.read_envelopes())
    commands.expect_ok(await commands.correct_penugasan(registry, penugasan, valid_from=first))
    shown = await read_placement(registry, pendamping)
    areas = {area["kode_wilayah"]: area["valid_from"] for area in shown["wilayah_tugas"]}
    assert (shown["valid_from"], areas) == (first, {commands.KELURAHAN: first, "33.24.08": "2026-01-01"})
    assert shown["corrections"][0]["before"] == {"valid_from": "2025-10-03"}
    events = [event["data"] for event in (await registry.read_envelopes())[count:]]
    assert [(one["valid_from"], "kind" in one) for one in events] == [(first, False), (first, True)]


async def test_first_day_after_an_area_leaves_the_area_without_days(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    area = (await read_placement(registry, pendamping))["wilayah_tugas"][0]
    commands.expect_ok(
        await commands.end_range(registry, "wilayah-tugas", area["wilayah_tugas_id"], "2025-10-20")
    )
    commands.expect_ok(await commands.correct_penugasan(registry, penugasan, valid_from="2025-11-01"))
    (moved,) = (await read_placement(registry, pendamping))["wilayah_tugas"]
    assert (moved["valid_from"], moved["valid_to"]) == ("2025-11-01", "2025-11-01")


async def test_first_day_beside_another_placement_or_after_the_end_is_refused(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    id_ = penugasan["penugasan_id"]
    commands.expect_ok(await commands.end_range(registry, "penugasan", id_, "2026-02-01"))
    after = await commands.correct_penugasan(registry, penugasan, valid_from="2026-02-01")
    expect_refusal(after, "InvalidRange", 422)
    other = commands.expect_ok(await commands.start_penugasan(registry, pendamping, valid_from="2026-02-01"))
    beside = await commands.correct_penugasan(registry, other, valid_from="2026-01-31")
    expect_refusal(beside, "PenugasanOverlaps")


async def test_first_day_of_a_cancelled_placement_is_not_corrected(registry: Running) -> None:
    _, penugasan = await commands.register_placed_pendamping(registry)
    id_ = penugasan["penugasan_id"]
    commands.expect_ok(await commands.end_range(registry, "penugasan", id_, penugasan["valid_from"]))
    early = await commands.correct_penugasan(registry, penugasan, valid_from="2025-09-20")
    expect_refusal(early, "PenugasanHasEnded")
    commands.expect_ok(await commands.restore_range(registry, "penugasan", id_))
    commands.expect_ok(await commands.correct_penugasan(registry, penugasan, valid_from="2025-09-20"))
