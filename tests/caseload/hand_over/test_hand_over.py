"""A hand-over moves many families with their open work in one job."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.factories.caseload.hand_over import (
    WHY,
    S,
    T,
    advance_days,
    build_hand_over,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    post_hand_over,
    preview_hand_over,
    read_emitted_data,
    read_loads,
    read_today,
)
from tests.factories.caseload.intake import OTHER, OTHER_DESA, PENDAMPING, dinsos_token, pendamping_token
from tests.factories.services import Running

VISIT = {"purpose": "PENDAMPINGAN", "findings": "Warung berjalan."}


async def test_hand_over_moves_only_families_of_the_area(kendal_caseload: Running) -> None:
    moving = await import_families(kendal_caseload, 5)
    staying = await import_families(kendal_caseload, 3, first=100, desa=OTHER_DESA)
    on = await advance_days(kendal_caseload)
    seen = await preview_hand_over(kendal_caseload, on)
    assert seen.status_code == 200, seen.text
    counts = {
        name: seen.json()[name] for name in ("families", "from_after", "to_after", "open_cases", "tasks")
    }
    assert counts == {"families": 5, "from_after": 3, "to_after": 5, "open_cases": 0, "tasks": 0}
    done = await finish_hand_over(kendal_caseload, on)
    assert (done["state"], done["done"], done["refused"]) == ("DONE", 5, 0)
    assert await read_loads(kendal_caseload) == {S: 3, T: 5}
    for kpm_id in moving:
        path = f"/v1/kpm/{kpm_id}"
        assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).status_code == 404
        assert (
            await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload, OTHER))
        ).status_code == 200
    assert (
        await kendal_caseload.get(f"/v1/kpm/{staying[0]}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200


async def test_hand_over_emits_an_end_and_a_start_per_family(kendal_caseload: Running) -> None:
    moving = await import_families(kendal_caseload, 4)
    on = await advance_days(kendal_caseload)
    await finish_hand_over(kendal_caseload, on)
    ended, started = (
        await read_emitted_data(kendal_caseload, "dampingan_ended"),
        (await read_emitted_data(kendal_caseload, "dampingan_started"))[4:],
    )
    assert Counter(data["kpm_id"] for data in ended) == Counter(moving)
    assert Counter(data["kpm_id"] for data in started) == Counter(moving)
    assert {(data["penugasan_id"], data["valid_to"]) for data in ended} == {(S, str(on))}
    assert {(data["penugasan_id"], data["valid_from"], data["valid_to"]) for data in started} == {
        (T, str(on), None)
    }


async def test_hand_over_emits_each_crossed_limit_once(kendal_caseload: Running) -> None:
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 3, refuse_above = 10")
    await import_families(kendal_caseload, 5)
    on = await advance_days(kendal_caseload)
    await kendal_caseload.sql("UPDATE platform.scheduled_task SET done_at = now()")
    await finish_hand_over(kendal_caseload, on)
    crossed = [
        (data["penugasan_id"], data["side"])
        for data in await read_emitted_data(kendal_caseload, "dampingan_limit_crossed")
    ]
    assert crossed == [(S, "ABOVE"), (S, "BELOW"), (T, "ABOVE")]


async def test_hand_over_keeps_authors_of_visits(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    visit = {"kpm_id": kpm_id, "visited_on": str(await read_today(kendal_caseload)), **VISIT}
    made = (await kendal_caseload.post("/v1/kunjungan", visit, as_=pendamping_token(kendal_caseload))).json()
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    mine = (await kendal_caseload.get("/v1/kunjungan", as_=pendamping_token(kendal_caseload))).json()["items"]
    assert [row["kunjungan_id"] for row in mine] == [made["kunjungan_id"]]
    path = f"/v1/kunjungan/{made['kunjungan_id']}"
    read = (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).json()
    assert (read["findings"], read["pendamping_id"]) == (VISIT["findings"], str(PENDAMPING))
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 404
    # The successor reads what was found before him; he has written nothing himself.
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload, OTHER))).status_code == 200
    assert (await kendal_caseload.get("/v1/kunjungan", as_=pendamping_token(kendal_caseload, OTHER))).json()[
        "items"
    ] == []
    of_family = f"/v1/kunjungan?kpm_id={kpm_id}"
    assert (
        len(
            (await kendal_caseload.get(of_family, as_=pendamping_token(kendal_caseload, OTHER))).json()[
                "items"
            ]
        )
        == 1
    )
    assert len((await kendal_caseload.get(of_family, as_=dinsos_token(kendal_caseload))).json()["items"]) == 1
    far = kendal_caseload.token("DINSOS_KABKOTA", "far", ["35.03"])
    assert (await kendal_caseload.get(path, as_=far)).status_code == 404


async def test_hand_over_above_the_limit_needs_a_stored_reason(kendal_caseload: Running) -> None:
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 2, refuse_above = 4")
    await import_families(kendal_caseload, 4)
    on = await advance_days(kendal_caseload)
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 2, refuse_above = 3")
    seen = (await preview_hand_over(kendal_caseload, on)).json()
    assert seen["warnings"] == [{"code": "ABOVE_REFUSAL", "count": 4}]
    refused = await post_hand_over(kendal_caseload, on)
    assert (refused.status_code, refused.json()["title"]) == (409, "CaseloadFull")
    done = await finish_hand_over(kendal_caseload, on, override_reason="Belum ada pendamping lain.")
    assert (done["done"], done["override_reason"]) == (4, "Belum ada pendamping lain.")


async def test_job_refuses_families_above_the_limit_of_its_day(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 4)
    on = await advance_days(kendal_caseload)
    answer = await post_hand_over(kendal_caseload, on)
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 1, refuse_above = 3")
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{answer.json()['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (seen["done"], seen["refused"]) == (3, 1)
    errors = (
        await kendal_caseload.get(f"{seen['job']}/errors", as_=ketua_tim_token(kendal_caseload))
    ).json()["items"]
    assert [error["code"] for error in errors] == ["CASELOAD_FULL"]
    assert errors[0]["reason"]["en"].startswith("The receiver has reached the limit of 3 families.")
    assert "override_reason" in errors[0]["reason"]["id"]
    assert await read_loads(kendal_caseload) == {S: 1, T: 3}


async def test_future_hand_over_starts_on_its_day(kendal_caseload: Running) -> None:
    moving = await import_families(kendal_caseload, 2)
    on = await read_today(kendal_caseload) + timedelta(days=10)
    answer = (await post_hand_over(kendal_caseload, on)).json()
    assert (answer["state"], answer["job"]) == ("SCHEDULED", None)
    await kendal_caseload.work()
    assert (
        await kendal_caseload.get(f"/v1/kpm/{moving[0]}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200
    await advance_days(kendal_caseload, 10)
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{answer['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (seen["state"], seen["done"]) == ("DONE", 2)
    assert (
        await kendal_caseload.get(f"/v1/kpm/{moving[0]}", as_=pendamping_token(kendal_caseload))
    ).status_code == 404


async def test_backdated_hand_over_skips_later_dampingan(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 2)
    first = await read_today(kendal_caseload)
    await advance_days(kendal_caseload, 5)
    await import_families(kendal_caseload, 1, first=50)
    seen = (await preview_hand_over(kendal_caseload, first + timedelta(days=2))).json()
    assert seen["families"] == 2
    done = await finish_hand_over(kendal_caseload, first + timedelta(days=2))
    assert done["done"] == 2
    assert await read_loads(kendal_caseload) == {S: 1, T: 2}
    on_their_first_day = (await preview_hand_over(kendal_caseload, first + timedelta(days=5))).json()
    assert on_their_first_day["warnings"] == [{"code": "BEGAN_THAT_DAY", "count": 1}]


async def test_failed_hand_over_has_a_reason_and_can_be_ordered_again(kendal_caseload: Running) -> None:
    moving = await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    asked = (await post_hand_over(kendal_caseload, on)).json()
    await kendal_caseload.sql(
        "UPDATE replica_pendamping.pendamping_status SET status = 'CUTI' WHERE pendamping_id = $1", OTHER
    )
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{asked['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (seen["state"], seen["error"], seen["done"]) == ("FAILED", "PendampingInactive", 0)
    assert seen["failure"]["en"] == (
        "This pendamping is CUTI; only an active one can do this. Let an active one do it. If the status is wrong, Kemensos records the right one, or the Dinsos office requests its reversal. What was done before stays."
        " Correct this, then request the rest again."
    )
    assert seen["failure"]["id"].startswith("Pendamping ini berstatus CUTI; hanya yang aktif")
    job = (await kendal_caseload.get(seen["job"], as_=ketua_tim_token(kendal_caseload))).json()
    assert job["reason"] == seen["failure"]
    await kendal_caseload.sql("UPDATE replica_pendamping.pendamping_status SET status = 'AKTIF'")
    assert (await finish_hand_over(kendal_caseload, on))["done"] == len(moving)


async def test_hand_over_on_first_day_of_dampingan_refuses_each_family(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    done = await finish_hand_over(kendal_caseload, await read_today(kendal_caseload))
    assert (done["state"], done["done"], done["refused"], done["failure"]) == ("DONE", 0, 1, None)
    (error,) = (
        await kendal_caseload.get(f"{done['job']}/errors", as_=ketua_tim_token(kendal_caseload))
    ).json()["items"]
    assert (error["code"], error["params"]) == ("BEGAN_THAT_DAY", {"kpm_id": kpm_id})
    assert "Order a hand-over on a later day" in error["reason"]["en"]
    assert str(await read_today(kendal_caseload)) in error["reason"]["id"]


async def test_second_identical_hand_over_is_refused(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    assert (await post_hand_over(kendal_caseload, on)).status_code == 202
    again = (await post_hand_over(kendal_caseload, on)).json()
    ((hand_over_id,),) = await kendal_caseload.sql("SELECT hand_over_id FROM hand_over")
    assert (again["title"], again["params"]) == ("HandOverAlreadyAsked", {"hand_over_id": str(hand_over_id)})
    await kendal_caseload.work()
    assert (await post_hand_over(kendal_caseload, on)).json()["title"] == "NothingToHandOver"


@pytest.mark.parametrize(
    ("more", "status", "title"),
    [
        ({"to_penugasan_id": S}, 422, "PenugasanIdentical"),
        ({"kode_wilayah": "35.03"}, 403, "NotAllowed"),
        ({"from_penugasan_id": "019a0000-0000-7000-8000-000000000001"}, 409, "NotYetKnown"),
        ({"to_penugasan_id": "019a0000-0000-7000-8000-000000000001"}, 409, "NotYetKnown"),
        ({"kode_wilayah": "33.24.01"}, 409, "NothingToHandOver"),
        ({"on": "2020-01-01"}, 422, "DateTooEarly"),
        ({"purpose": "UNKNOWN"}, 422, None),
    ],
)
async def test_invalid_hand_over_is_refused(
    kendal_caseload: Running, more: dict[str, str], status: int, title: str | None
) -> None:
    await import_families(kendal_caseload, 1)
    body = await build_hand_over(kendal_caseload, await advance_days(kendal_caseload), reason=WHY)
    answer = await kendal_caseload.post("/v1/hand-over", body | more, as_=ketua_tim_token(kendal_caseload))
    assert answer.status_code == status, answer.text
    assert title is None or answer.json()["title"] == title


async def test_only_ketua_tim_orders_hand_over(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 1)
    on = str(await advance_days(kendal_caseload))
    body = {
        "from_penugasan_id": S,
        "to_penugasan_id": T,
        "kode_wilayah": "33.24",
        "on": on,
        "reason": "Alasan.",
    }
    for token in (pendamping_token(kendal_caseload), dinsos_token(kendal_caseload)):
        assert (await kendal_caseload.post("/v1/hand-over", body, as_=token)).status_code == 403
