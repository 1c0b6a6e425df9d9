"""A wrong end of a placement or of an area is taken back."""

from typing import Any

import pytest

from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal

END = "2026-02-01"


@pytest.fixture
async def penugasan(registry: Running) -> dict[str, Any]:
    """A placement in one area, since 2025-10-03."""
    await registry.set_clock(commands.START)
    _, row = await commands.register_placed_pendamping(registry)
    return row


async def read_placement(registry: Running, penugasan: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/pendamping/{penugasan['pendamping_id']}"
    shown = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    (one,) = [row for row in shown["penugasan"] if row["penugasan_id"] == penugasan["penugasan_id"]]
    return one


async def read_ends(registry: Running, penugasan: dict[str, Any]) -> tuple[str | None, list[str | None]]:
    """Return the end of a placement and those of its areas."""
    shown = await read_placement(registry, penugasan)
    areas = sorted(shown["wilayah_tugas"], key=lambda area: area["kode_wilayah"], reverse=True)
    return shown["valid_to"], [area["valid_to"] for area in areas]


async def read_area_id(registry: Running, penugasan: dict[str, Any]) -> str:
    return (await read_placement(registry, penugasan))["wilayah_tugas"][0]["wilayah_tugas_id"]


async def end(registry: Running, penugasan: dict[str, Any], on: str = END) -> None:
    id_ = penugasan["penugasan_id"]
    commands.expect_ok(await commands.end_range(registry, "penugasan", id_, on))


@pytest.mark.parametrize("on", ["2025-10-03", END, "2026-12-01"])
async def test_placement_comes_back_with_the_areas_that_ended_with_it(
    registry: Running, penugasan: dict[str, Any], on: str
) -> None:
    other = commands.expect_ok(await commands.place_wilayah_tugas(registry, penugasan, "33.24.08"))
    never = {"valid_to": "2025-10-03", "reason": "SALAH_WILAYAH"}
    id_ = other["wilayah_tugas_id"]
    commands.expect_ok(await commands.end_range(registry, "wilayah-tugas", id_, **never))
    await end(registry, penugasan, on)
    assert await read_ends(registry, penugasan) == (on, [on, "2025-10-03"])
    count = len(await registry.read_envelopes())
    back = await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"])
    assert commands.expect_ok(back)["valid_to"] is None
    assert await read_ends(registry, penugasan) == (None, [None, "2025-10-03"])
    placed, started = [event["data"] for event in (await registry.read_envelopes())[count:]]
    assert (placed["valid_to"], placed["restored_from"]) == (None, None)
    assert (started["valid_to"], started["restored_from"]) == (None, on)
    again = await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"])
    expect_refusal(again, "NoEndToTakeBack")


async def test_ranges_before_and_after_a_wrong_end_are_readable(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    await end(registry, penugasan)
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))
    path = f"/v1/pendamping/{penugasan['pendamping_id']}"
    shown = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    ranges = [
        (row["valid_to"], row["reason"]) for row in shown["range_history"] if row["thing"] == "PENUGASAN"
    ]
    assert ranges == [(None, "SK_PENUGASAN"), (END, "PINDAH_TUGAS"), (None, "SALAH_CATAT")]


async def test_end_that_was_moved_is_taken_back_step_by_step(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    await end(registry, penugasan, "2026-12-01")
    await end(registry, penugasan)
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))
    assert await read_ends(registry, penugasan) == ("2026-12-01", ["2026-12-01"])
    await end(registry, penugasan, "2026-11-01")
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))
    assert await read_ends(registry, penugasan) == ("2026-12-01", ["2026-12-01"])
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))
    assert await read_ends(registry, penugasan) == (None, [None])
    again = await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"])
    expect_refusal(again, "NoEndToTakeBack")


async def test_area_comes_back(registry: Running, penugasan: dict[str, Any]) -> None:
    id_ = await read_area_id(registry, penugasan)
    expect_refusal(await commands.restore_range(registry, "wilayah-tugas", id_), "NoEndToTakeBack")
    commands.expect_ok(await commands.end_range(registry, "wilayah-tugas", id_, END))
    back = commands.expect_ok(await commands.restore_range(registry, "wilayah-tugas", id_))
    assert (back["valid_to"], back["version"]) == (None, 3)
    event = (await registry.read_envelopes())[-1]
    assert (event["type"], event["data"]["restored_from"]) == ("registry.wilayah_tugas_placed.v1", END)
    expect_refusal(await commands.restore_range(registry, "wilayah-tugas", id_), "NoEndToTakeBack")


async def test_area_comes_back_as_far_as_its_placement_runs(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    id_ = await read_area_id(registry, penugasan)
    commands.expect_ok(await commands.end_range(registry, "wilayah-tugas", id_, "2026-01-01"))
    await end(registry, penugasan)
    back = commands.expect_ok(await commands.restore_range(registry, "wilayah-tugas", id_))
    assert back["valid_to"] == END


async def test_area_that_ended_with_its_placement_comes_back_with_it(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    id_ = await read_area_id(registry, penugasan)
    await end(registry, penugasan)
    expect_refusal(await commands.restore_range(registry, "wilayah-tugas", id_), "PenugasanHasEnded")


async def test_area_that_was_covered_again_since_does_not_come_back(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    id_ = await read_area_id(registry, penugasan)
    commands.expect_ok(await commands.end_range(registry, "wilayah-tugas", id_, END))
    commands.expect_ok(await commands.place_wilayah_tugas(registry, penugasan, valid_from=END))
    expect_refusal(await commands.restore_range(registry, "wilayah-tugas", id_), "WilayahTugasOverlaps")


async def test_placement_does_not_come_back_beside_another_of_its_kind(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    await end(registry, penugasan)
    other = {"pendamping_id": penugasan["pendamping_id"]}
    placed = commands.expect_ok(await commands.start_penugasan(registry, other, valid_from="2026-02-10"))
    answer = await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"])
    expect_refusal(answer, "PenugasanOverlaps")
    await end(registry, placed, "2026-02-10")
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))


async def test_placement_of_somebody_who_has_left_does_not_come_back(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    await end(registry, penugasan)
    who = {"pendamping_id": penugasan["pendamping_id"]}
    commands.expect_ok(await commands.change_status(registry, who, "PENSIUN", from_on="2026-02-10"))
    answer = await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"])
    expect_refusal(answer, "PendampingHasLeft")


async def test_status_that_is_reversed_does_not_bring_back_what_ended_before(
    registry: Running, penugasan: dict[str, Any]
) -> None:
    who = {"pendamping_id": penugasan["pendamping_id"]}
    commands.expect_ok(await commands.change_status(registry, who, "PENSIUN", from_on="2026-02-10"))
    await end(registry, penugasan)
    commands.expect_ok(await commands.reverse_status(registry, who, "PENSIUN", "2026-02-10"))
    assert await read_ends(registry, penugasan) == (END, [END])
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))
    assert await read_ends(registry, penugasan) == ("2026-02-10", ["2026-02-10"])
    commands.expect_ok(await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"]))
    assert await read_ends(registry, penugasan) == (None, [None])


@pytest.mark.parametrize(
    ("role", "area"), [("KEMENSOS", "33"), ("DINSOS_KABKOTA", "33.24"), ("PENDAMPING", "33.24")]
)
async def test_only_the_ministry_takes_it_back(
    registry: Running, penugasan: dict[str, Any], role: str, area: str
) -> None:
    await end(registry, penugasan)
    other = registry.token(role, "other-1", [area], pendamping_id=penugasan["pendamping_id"])
    answer = await commands.restore_range(registry, "penugasan", penugasan["penugasan_id"], other)
    expect_refusal(answer, "NotAllowed", 403)
