"""A hand-over moves many families with their open work in one job."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.factories.caseload.hand_over import (
    WHY,
    S,
    T,
    accompanied,
    days_later,
    facts,
    hand_over,
    handed_over,
    leader,
    loads,
    order,
    preview,
    today,
)
from tests.factories.caseload.intake import OTHER, OTHER_DESA, PENDAMPING, companion, dinsos
from tests.factories.services import Running

VISIT = {"purpose": "PENDAMPINGAN", "findings": "Warung berjalan."}


async def test_hand_over_moves_only_families_of_the_area(placed: Running) -> None:
    moving = await accompanied(placed, 5)
    staying = await accompanied(placed, 3, first=100, desa=OTHER_DESA)
    on = await days_later(placed)
    seen = await preview(placed, on)
    assert seen.status_code == 200, seen.text
    counts = {
        name: seen.json()[name] for name in ("families", "from_after", "to_after", "open_cases", "tasks")
    }
    assert counts == {"families": 5, "from_after": 3, "to_after": 5, "open_cases": 0, "tasks": 0}
    done = await handed_over(placed, on)
    assert (done["state"], done["done"], done["refused"]) == ("DONE", 5, 0)
    assert await loads(placed) == {S: 3, T: 5}
    for kpm_id in moving:
        path = f"/v1/kpm/{kpm_id}"
        assert (await placed.get(path, as_=companion(placed))).status_code == 404
        assert (await placed.get(path, as_=companion(placed, OTHER))).status_code == 200
    assert (await placed.get(f"/v1/kpm/{staying[0]}", as_=companion(placed))).status_code == 200


async def test_hand_over_emits_an_end_and_a_start_per_family(placed: Running) -> None:
    moving = await accompanied(placed, 4)
    on = await days_later(placed)
    await handed_over(placed, on)
    ended, started = await facts(placed, "dampingan_ended"), (await facts(placed, "dampingan_started"))[4:]
    assert Counter(data["kpm_id"] for data in ended) == Counter(moving)
    assert Counter(data["kpm_id"] for data in started) == Counter(moving)
    assert {(data["penugasan_id"], data["valid_to"]) for data in ended} == {(S, str(on))}
    assert {(data["penugasan_id"], data["valid_from"], data["valid_to"]) for data in started} == {
        (T, str(on), None)
    }


async def test_hand_over_emits_each_crossed_limit_once(placed: Running) -> None:
    await placed.sql("UPDATE dampingan_limit SET warn_above = 3, refuse_above = 10")
    await accompanied(placed, 5)
    on = await days_later(placed)
    await placed.sql("UPDATE platform.scheduled_task SET done_at = now()")
    await handed_over(placed, on)
    crossed = [
        (data["penugasan_id"], data["side"]) for data in await facts(placed, "dampingan_limit_crossed")
    ]
    assert crossed == [(S, "ABOVE"), (S, "BELOW"), (T, "ABOVE")]


async def test_hand_over_keeps_authors_of_visits(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    visit = {"kpm_id": kpm_id, "visited_on": str(await today(placed)), **VISIT}
    made = (await placed.post("/v1/kunjungan", visit, as_=companion(placed))).json()
    await handed_over(placed, await days_later(placed))
    mine = (await placed.get("/v1/kunjungan", as_=companion(placed))).json()["items"]
    assert [row["kunjungan_id"] for row in mine] == [made["kunjungan_id"]]
    path = f"/v1/kunjungan/{made['kunjungan_id']}"
    read = (await placed.get(path, as_=companion(placed))).json()
    assert (read["findings"], read["pendamping_id"]) == (VISIT["findings"], str(PENDAMPING))
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 404
    # The successor reads what was found before him; he has written nothing himself.
    assert (await placed.get(path, as_=companion(placed, OTHER))).status_code == 200
    assert (await placed.get("/v1/kunjungan", as_=companion(placed, OTHER))).json()["items"] == []
    of_family = f"/v1/kunjungan?kpm_id={kpm_id}"
    assert len((await placed.get(of_family, as_=companion(placed, OTHER))).json()["items"]) == 1
    assert len((await placed.get(of_family, as_=dinsos(placed))).json()["items"]) == 1
    far = placed.token("DINSOS_KABKOTA", "far", ["35.03"])
    assert (await placed.get(path, as_=far)).status_code == 404


async def test_hand_over_above_the_limit_needs_a_stored_reason(placed: Running) -> None:
    await placed.sql("UPDATE dampingan_limit SET warn_above = 2, refuse_above = 4")
    await accompanied(placed, 4)
    on = await days_later(placed)
    await placed.sql("UPDATE dampingan_limit SET warn_above = 2, refuse_above = 3")
    seen = (await preview(placed, on)).json()
    assert seen["warnings"] == [{"code": "ABOVE_REFUSAL", "count": 4}]
    refused = await hand_over(placed, on)
    assert (refused.status_code, refused.json()["title"]) == (409, "CaseloadFull")
    done = await handed_over(placed, on, override_reason="Belum ada pendamping lain.")
    assert (done["done"], done["override_reason"]) == (4, "Belum ada pendamping lain.")


async def test_job_refuses_families_above_the_limit_of_its_day(placed: Running) -> None:
    await accompanied(placed, 4)
    on = await days_later(placed)
    answer = await hand_over(placed, on)
    await placed.sql("UPDATE dampingan_limit SET warn_above = 1, refuse_above = 3")
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{answer.json()['hand_over_id']}", as_=leader(placed))).json()
    assert (seen["done"], seen["refused"]) == (3, 1)
    errors = (await placed.get(f"{seen['job']}/errors", as_=leader(placed))).json()["items"]
    assert [error["code"] for error in errors] == ["CASELOAD_FULL"]
    assert errors[0]["reason"]["en"].startswith("The receiver has reached the limit of 3 families.")
    assert "override_reason" in errors[0]["reason"]["id"]
    assert await loads(placed) == {S: 1, T: 3}


async def test_future_hand_over_starts_on_its_day(placed: Running) -> None:
    moving = await accompanied(placed, 2)
    on = await today(placed) + timedelta(days=10)
    answer = (await hand_over(placed, on)).json()
    assert (answer["state"], answer["job"]) == ("SCHEDULED", None)
    await placed.work()
    assert (await placed.get(f"/v1/kpm/{moving[0]}", as_=companion(placed))).status_code == 200
    await days_later(placed, 10)
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{answer['hand_over_id']}", as_=leader(placed))).json()
    assert (seen["state"], seen["done"]) == ("DONE", 2)
    assert (await placed.get(f"/v1/kpm/{moving[0]}", as_=companion(placed))).status_code == 404


async def test_backdated_hand_over_skips_later_dampingan(placed: Running) -> None:
    await accompanied(placed, 2)
    first = await today(placed)
    await days_later(placed, 5)
    await accompanied(placed, 1, first=50)
    seen = (await preview(placed, first + timedelta(days=2))).json()
    assert seen["families"] == 2
    done = await handed_over(placed, first + timedelta(days=2))
    assert done["done"] == 2
    assert await loads(placed) == {S: 1, T: 2}
    on_their_first_day = (await preview(placed, first + timedelta(days=5))).json()
    assert on_their_first_day["warnings"] == [{"code": "BEGAN_THAT_DAY", "count": 1}]


async def test_failed_hand_over_has_a_reason_and_can_be_ordered_again(placed: Running) -> None:
    moving = await accompanied(placed, 2)
    on = await days_later(placed)
    asked = (await hand_over(placed, on)).json()
    await placed.sql(
        "UPDATE replica_pendamping.pendamping SET status = 'CUTI' WHERE pendamping_id = $1", OTHER
    )
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=leader(placed))).json()
    assert (seen["state"], seen["error"], seen["done"]) == ("FAILED", "PendampingInactive", 0)
    assert seen["failure"]["en"] == (
        "This pendamping is CUTI; only an active one can do this. What was done before stays."
        " Correct this, then request the rest again."
    )
    assert seen["failure"]["id"].startswith("Pendamping ini berstatus CUTI; hanya yang aktif")
    job = (await placed.get(seen["job"], as_=leader(placed))).json()
    assert job["reason"] == seen["failure"]
    await placed.sql("UPDATE replica_pendamping.pendamping SET status = 'AKTIF'")
    assert (await handed_over(placed, on))["done"] == len(moving)


async def test_hand_over_on_first_day_of_dampingan_refuses_each_family(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    done = await handed_over(placed, await today(placed))
    assert (done["state"], done["done"], done["refused"], done["failure"]) == ("DONE", 0, 1, None)
    (error,) = (await placed.get(f"{done['job']}/errors", as_=leader(placed))).json()["items"]
    assert (error["code"], error["params"]) == ("BEGAN_THAT_DAY", {"kpm_id": kpm_id})
    assert "Order a hand-over on a later day" in error["reason"]["en"]
    assert str(await today(placed)) in error["reason"]["id"]


async def test_second_identical_hand_over_is_refused(placed: Running) -> None:
    await accompanied(placed, 2)
    on = await days_later(placed)
    assert (await hand_over(placed, on)).status_code == 202
    assert (await hand_over(placed, on)).json()["title"] == "HandOverAlreadyAsked"
    await placed.work()
    assert (await hand_over(placed, on)).json()["title"] == "NothingToHandOver"


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
    placed: Running, more: dict[str, str], status: int, title: str | None
) -> None:
    await accompanied(placed, 1)
    body = await order(placed, await days_later(placed), reason=WHY)
    answer = await placed.post("/v1/hand-over", body | more, as_=leader(placed))
    assert answer.status_code == status, answer.text
    assert title is None or answer.json()["title"] == title


async def test_only_ketua_tim_orders_hand_over(placed: Running) -> None:
    await accompanied(placed, 1)
    on = str(await days_later(placed))
    body = {
        "from_penugasan_id": S,
        "to_penugasan_id": T,
        "kode_wilayah": "33.24",
        "on": on,
        "reason": "Alasan.",
    }
    for token in (companion(placed), dinsos(placed)):
        assert (await placed.post("/v1/hand-over", body, as_=token)).status_code == 403
