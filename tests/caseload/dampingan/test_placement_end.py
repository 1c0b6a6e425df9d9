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
    advance_days,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_loads,
    read_today,
)
from tests.factories.caseload.intake import (
    DESA,
    OTHER_DESA,
    PENDAMPING,
    PENDAMPING_NO,
    PENUGASAN,
    SPACE,
    build_csv,
    dinsos_token,
    family,
    import_file,
    pendamping_token,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running

AREA = uuid5(SPACE, f"{PENUGASAN}33.24")


def build_penugasan_ended(on: date) -> PenugasanEnded:
    values = {
        "penugasan_id": PENUGASAN,
        "pendamping_id": PENDAMPING,
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
    }
    values |= {"employer_status": "PPPK", "valid_from": "2026-01-01", "valid_to": on, "reason": "MUTASI"}
    return PenugasanEnded.model_validate(values)


def build_wilayah_tugas_ended(on: date) -> WilayahTugasEnded:
    values = {"wilayah_tugas_id": AREA, "penugasan_id": PENUGASAN, "pendamping_id": PENDAMPING}
    values |= {"kode_wilayah": "33.24", "valid_from": "2026-01-01", "valid_to": on, "reason": "PEMBAGIAN"}
    return WilayahTugasEnded.model_validate(values)


def build_wilayah_tugas_placed(kode: str, on: date) -> WilayahTugasPlaced:
    values = {"wilayah_tugas_id": uuid5(SPACE, kode), "penugasan_id": PENUGASAN, "pendamping_id": PENDAMPING}
    return WilayahTugasPlaced.model_validate(values | {"kode_wilayah": kode, "valid_from": on})


def build_status_changed(word: str, on: date) -> PendampingStatusChanged:
    values = {"pendamping_id": PENDAMPING, "pendamping_no": PENDAMPING_NO, "subject": "PERSON"}
    return PendampingStatusChanged.model_validate(
        values | {"status": word, "reason": "KEPUTUSAN", "from_on": on}
    )


async def publish_events(caseload: Running, registry: Running, *events: Any, times: int = 1) -> None:
    await registry.publish(*events)
    await deliver(registry, caseload, times)
    await caseload.work()


async def list_gaps(service: Running, query: str = "") -> list[dict[str, Any]]:
    answer = await service.get(f"/v1/dampingan-gap{query}", as_=ketua_tim_token(service))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (build_penugasan_ended, "PENUGASAN_BERAKHIR"),
        (build_wilayah_tugas_ended, "WILAYAH_TUGAS_BERAKHIR"),
        (lambda on: build_status_changed("PENSIUN", on), "PENDAMPING_TIDAK_AKTIF"),
    ],
)
async def test_dampingan_ends_once_on_its_day(
    kendal_caseload: Running, registry: Running, event: Any, cause: str
) -> None:
    families = await import_families(kendal_caseload, 3)
    on = await read_today(kendal_caseload) + timedelta(days=4)
    await publish_events(kendal_caseload, registry, event(on))
    assert (await list_gaps(kendal_caseload), await read_loads(kendal_caseload)) == ([], {S: 3})
    assert (
        await kendal_caseload.get(f"/v1/kpm/{families[0]}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200
    await advance_days(kendal_caseload, 4)
    await kendal_caseload.work()
    await deliver(registry, kendal_caseload, times=2)
    await kendal_caseload.work()
    listed = await list_gaps(kendal_caseload)
    assert Counter(row["kpm_id"] for row in listed) == Counter(families)
    assert {(row["since"], row["cause"], row["penugasan_id"]) for row in listed} == {(str(on), cause, S)}
    assert await read_loads(kendal_caseload) == {S: 0}
    ended = await read_emitted_data(kendal_caseload, "dampingan_ended")
    assert Counter((data["kpm_id"], data["valid_to"], data["reason"]) for data in ended) == Counter(
        (kpm_id, str(on), cause) for kpm_id in families
    )
    assert (
        await kendal_caseload.get(f"/v1/kpm/{families[0]}", as_=pendamping_token(kendal_caseload))
    ).status_code == 404
    tasks = (await kendal_caseload.get("/v1/tugas", as_=ketua_tim_token(kendal_caseload))).json()["items"]
    assert Counter(task["kpm_id"] for task in tasks) == Counter(families)


async def test_dampingan_stays_if_another_area_covers_the_family(
    kendal_caseload: Running, registry: Running
) -> None:
    kept = await import_families(kendal_caseload, 1)
    lost = await import_families(kendal_caseload, 1, first=50, desa=OTHER_DESA)
    on = await advance_days(kendal_caseload)
    await publish_events(
        kendal_caseload, registry, build_wilayah_tugas_placed(DESA, on), build_wilayah_tugas_ended(on)
    )
    assert [row["kpm_id"] for row in await list_gaps(kendal_caseload)] == lost
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kept[0]}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200


async def test_leave_ends_no_dampingan(kendal_caseload: Running, registry: Running) -> None:
    await import_families(kendal_caseload, 1)
    on = await advance_days(kendal_caseload)
    await publish_events(kendal_caseload, registry, build_status_changed("CUTI", on))
    assert (await list_gaps(kendal_caseload), await read_loads(kendal_caseload)) == ([], {S: 1})


async def test_undone_leaving_ends_no_dampingan(kendal_caseload: Running, registry: Running) -> None:
    await import_families(kendal_caseload, 1)
    on = await read_today(kendal_caseload) + timedelta(days=3)
    await publish_events(
        kendal_caseload, registry, build_status_changed("NONAKTIF", on), build_status_changed("AKTIF", on)
    )
    await advance_days(kendal_caseload, 3)
    await kendal_caseload.work()
    assert (await list_gaps(kendal_caseload), await read_loads(kendal_caseload)) == ([], {S: 1})


async def test_hand_over_of_that_day_includes_families_with_gap(
    kendal_caseload: Running, registry: Running
) -> None:
    families = await import_families(kendal_caseload, 3)
    on = await advance_days(kendal_caseload)
    await publish_events(kendal_caseload, registry, build_wilayah_tugas_ended(on))
    assert len(await list_gaps(kendal_caseload)) == 3
    done = await finish_hand_over(kendal_caseload, on)
    assert (done["state"], done["done"], done["refused"]) == ("DONE", 3, 0)
    assert (await list_gaps(kendal_caseload), await read_loads(kendal_caseload)) == ([], {S: 0, T: 3})
    assert len(await read_emitted_data(kendal_caseload, "dampingan_ended")) == 3
    assert (await kendal_caseload.get("/v1/tugas", as_=ketua_tim_token(kendal_caseload))).json()[
        "items"
    ] == []
    seen = await kendal_caseload.get(
        f"/v1/kpm/{families[0]}/responsible?on={on}", as_=ketua_tim_token(kendal_caseload)
    )
    assert ([one["penugasan_id"] for one in seen.json()["responsible"]], seen.json()["gap"]) == ([T], None)


async def test_responsible_pendamping_is_readable_for_each_day(
    kendal_caseload: Running, registry: Running
) -> None:
    first = await read_today(kendal_caseload)
    (kpm_id,) = await import_families(kendal_caseload, 1)
    on = await advance_days(kendal_caseload, 2)
    await publish_events(kendal_caseload, registry, build_penugasan_ended(on))
    await advance_days(kendal_caseload, 2)
    responsible = []
    for day in (first, on - timedelta(days=1), on, on + timedelta(days=1)):
        seen = (
            await kendal_caseload.get(
                f"/v1/kpm/{kpm_id}/responsible?on={day}", as_=ketua_tim_token(kendal_caseload)
            )
        ).json()
        responsible.append(
            ([one["penugasan_id"] for one in seen["responsible"]], seen["gap"] and seen["gap"]["cause"])
        )
    assert responsible == [([S], None), ([S], None), ([], "PENUGASAN_BERAKHIR"), ([], "PENUGASAN_BERAKHIR")]
    path = f"/v1/kpm/{kpm_id}/responsible"
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).status_code == 404


async def test_future_dampingan_ends_on_the_day_after_its_start(
    kendal_caseload: Running, registry: Running
) -> None:
    """The placement ends before the dampingan starts, which then covers one day."""
    await import_file(kendal_caseload, build_csv(family(1, 1)))
    kpm_id = str((await kendal_caseload.sql("SELECT kpm_id FROM kpm"))[0]["kpm_id"])
    first = await read_today(kendal_caseload) + timedelta(days=5)
    body = {"kpm_id": kpm_id, "penugasan_id": S, "valid_from": str(first)}
    assert (
        await kendal_caseload.post("/v1/dampingan", body, as_=dinsos_token(kendal_caseload))
    ).status_code == 201
    await publish_events(kendal_caseload, registry, build_penugasan_ended(await read_today(kendal_caseload)))
    await advance_days(kendal_caseload, 6)
    await kendal_caseload.work()
    (values,) = await read_emitted_data(kendal_caseload, "dampingan_ended")
    assert (values["valid_from"], values["valid_to"]) == (str(first), str(first + timedelta(days=1)))
    assert await read_loads(kendal_caseload) == {S: 0}
    assert [row["since"] for row in await list_gaps(kendal_caseload)] == [values["valid_to"]]
