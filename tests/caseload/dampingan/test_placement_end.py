"""Dampingan end, and gaps open, on the day a placement, area or service ends."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import uuid5

import pytest

from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from tests.factories.caseload.hand_over import (
    S,
    T,
    accompanied,
    days_later,
    facts,
    handed_over,
    leader,
    loads,
    today,
)
from tests.factories.caseload.intake import (
    DESA,
    OTHER_DESA,
    PENDAMPING,
    PENDAMPING_NO,
    PENUGASAN,
    SPACE,
    companion,
    csv_of,
    dinsos,
    family,
    take_in,
)
from tests.factories.services import Running, deliver

AREA = uuid5(SPACE, f"{PENUGASAN}33.24")


def placement_ended(on: date) -> PenugasanEnded:
    values = {
        "penugasan_id": PENUGASAN,
        "pendamping_id": PENDAMPING,
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
    }
    values |= {"employer_status": "PPPK", "valid_from": "2026-01-01", "valid_to": on, "reason": "MUTASI"}
    return PenugasanEnded.model_validate(values)


def area_ended(on: date) -> WilayahTugasEnded:
    values = {"wilayah_tugas_id": AREA, "penugasan_id": PENUGASAN, "pendamping_id": PENDAMPING}
    values |= {"kode_wilayah": "33.24", "valid_from": "2026-01-01", "valid_to": on, "reason": "PEMBAGIAN"}
    return WilayahTugasEnded.model_validate(values)


def area_placed(kode: str, on: date) -> WilayahTugasPlaced:
    values = {"wilayah_tugas_id": uuid5(SPACE, kode), "penugasan_id": PENUGASAN, "pendamping_id": PENDAMPING}
    return WilayahTugasPlaced.model_validate(values | {"kode_wilayah": kode, "valid_from": on})


def status_changed(word: str, on: date) -> PendampingStatusChanged:
    values = {"pendamping_id": PENDAMPING, "pendamping_no": PENDAMPING_NO, "subject": "PERSON"}
    return PendampingStatusChanged.model_validate(
        values | {"status": word, "reason": "KEPUTUSAN", "from_on": on}
    )


async def publish(caseload: Running, registry: Running, *events: Any, times: int = 1) -> None:
    await registry.publish(*events)
    await deliver(registry, caseload, times)
    await caseload.work()


async def list_gaps(service: Running, query: str = "") -> list[dict[str, Any]]:
    answer = await service.get(f"/v1/dampingan-gap{query}", as_=leader(service))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (placement_ended, "PENUGASAN_BERAKHIR"),
        (area_ended, "WILAYAH_TUGAS_BERAKHIR"),
        (lambda on: status_changed("PENSIUN", on), "PENDAMPING_TIDAK_AKTIF"),
    ],
)
async def test_dampingan_ends_once_on_its_day(
    placed: Running, registry: Running, event: Any, cause: str
) -> None:
    families = await accompanied(placed, 3)
    on = await today(placed) + timedelta(days=4)
    await publish(placed, registry, event(on))
    assert (await list_gaps(placed), await loads(placed)) == ([], {S: 3})
    assert (await placed.get(f"/v1/kpm/{families[0]}", as_=companion(placed))).status_code == 200
    await days_later(placed, 4)
    await placed.work()
    await deliver(registry, placed, times=2)
    await placed.work()
    listed = await list_gaps(placed)
    assert Counter(row["kpm_id"] for row in listed) == Counter(families)
    assert {(row["since"], row["cause"], row["penugasan_id"]) for row in listed} == {(str(on), cause, S)}
    assert await loads(placed) == {S: 0}
    ended = await facts(placed, "dampingan_ended")
    assert Counter((data["kpm_id"], data["valid_to"], data["reason"]) for data in ended) == Counter(
        (kpm_id, str(on), cause) for kpm_id in families
    )
    assert (await placed.get(f"/v1/kpm/{families[0]}", as_=companion(placed))).status_code == 404
    tasks = (await placed.get("/v1/tugas", as_=leader(placed))).json()["items"]
    assert Counter(task["kpm_id"] for task in tasks) == Counter(families)


async def test_dampingan_stays_if_another_area_covers_the_family(placed: Running, registry: Running) -> None:
    kept = await accompanied(placed, 1)
    lost = await accompanied(placed, 1, first=50, desa=OTHER_DESA)
    on = await days_later(placed)
    await publish(placed, registry, area_placed(DESA, on), area_ended(on))
    assert [row["kpm_id"] for row in await list_gaps(placed)] == lost
    assert (await placed.get(f"/v1/kpm/{kept[0]}", as_=companion(placed))).status_code == 200


async def test_leave_ends_no_dampingan(placed: Running, registry: Running) -> None:
    await accompanied(placed, 1)
    on = await days_later(placed)
    await publish(placed, registry, status_changed("CUTI", on))
    assert (await list_gaps(placed), await loads(placed)) == ([], {S: 1})


async def test_undone_leaving_ends_no_dampingan(placed: Running, registry: Running) -> None:
    await accompanied(placed, 1)
    on = await today(placed) + timedelta(days=3)
    await publish(placed, registry, status_changed("NONAKTIF", on), status_changed("AKTIF", on))
    await days_later(placed, 3)
    await placed.work()
    assert (await list_gaps(placed), await loads(placed)) == ([], {S: 1})


async def test_hand_over_of_that_day_includes_families_with_gap(placed: Running, registry: Running) -> None:
    families = await accompanied(placed, 3)
    on = await days_later(placed)
    await publish(placed, registry, area_ended(on))
    assert len(await list_gaps(placed)) == 3
    done = await handed_over(placed, on)
    assert (done["state"], done["done"], done["refused"]) == ("DONE", 3, 0)
    assert (await list_gaps(placed), await loads(placed)) == ([], {S: 0, T: 3})
    assert len(await facts(placed, "dampingan_ended")) == 3
    assert (await placed.get("/v1/tugas", as_=leader(placed))).json()["items"] == []
    seen = await placed.get(f"/v1/kpm/{families[0]}/responsible?on={on}", as_=leader(placed))
    assert ([one["penugasan_id"] for one in seen.json()["responsible"]], seen.json()["gap"]) == ([T], None)


async def test_responsible_pendamping_is_readable_for_each_day(placed: Running, registry: Running) -> None:
    first = await today(placed)
    (kpm_id,) = await accompanied(placed, 1)
    on = await days_later(placed, 2)
    await publish(placed, registry, placement_ended(on))
    await days_later(placed, 2)
    responsible = []
    for day in (first, on - timedelta(days=1), on, on + timedelta(days=1)):
        seen = (await placed.get(f"/v1/kpm/{kpm_id}/responsible?on={day}", as_=leader(placed))).json()
        responsible.append(
            ([one["penugasan_id"] for one in seen["responsible"]], seen["gap"] and seen["gap"]["cause"])
        )
    assert responsible == [([S], None), ([S], None), ([], "PENUGASAN_BERAKHIR"), ([], "PENUGASAN_BERAKHIR")]
    path = f"/v1/kpm/{kpm_id}/responsible"
    assert (await placed.get(path, as_=companion(placed))).status_code == 404


async def test_future_dampingan_ends_on_the_day_after_its_start(placed: Running, registry: Running) -> None:
    """The placement ends before the dampingan starts, which then covers one day."""
    await take_in(placed, csv_of(family(1, 1)))
    kpm_id = str((await placed.sql("SELECT kpm_id FROM kpm"))[0]["kpm_id"])
    first = await today(placed) + timedelta(days=5)
    body = {"kpm_id": kpm_id, "penugasan_id": S, "valid_from": str(first)}
    assert (await placed.post("/v1/dampingan", body, as_=dinsos(placed))).status_code == 201
    await publish(placed, registry, placement_ended(await today(placed)))
    await days_later(placed, 6)
    await placed.work()
    (values,) = await facts(placed, "dampingan_ended")
    assert (values["valid_from"], values["valid_to"]) == (str(first), str(first + timedelta(days=1)))
    assert await loads(placed) == {S: 0}
    assert [row["since"] for row in await list_gaps(placed)] == [values["valid_to"]]
