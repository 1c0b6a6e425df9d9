import asyncio
from datetime import datetime, time, timedelta
from typing import Any

import asyncpg
import pytest

from services.referral.place.commands import reserve_place
from services.referral.publication.commands import places as publication_places
from shared.dates import JAKARTA
from tests.factories.referral.catalogue import publish_program
from tests.factories.referral.events import DESA, TODAY
from tests.factories.referral.places import (
    NEXT_YEAR,
    PLUT,
    create_worlds,
    publish_intake,
    publish_quota,
    read_quotas,
    read_waiting,
    record_consent,
    withdraw_consent,
)
from tests.factories.services import Running

OTHER = "33.24.09.2002"
AWAY = "33.24.10.2001"


async def test_place_is_held_from_consent_in_every_quota_over_the_area(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    for area, places in (("*", 9), ("33.24", 4), (DESA, 2), (AWAY, 1)):
        assert (await publish_quota(one, area, places)).status_code == 201
    await record_consent(one)
    assert await read_quotas(one) == {"*": (9, 1, 8), "33.24": (4, 1, 3), DESA: (2, 1, 1), AWAY: (1, 0, 1)}
    assert await read_waiting(one) == []


async def test_fifty_concurrent_consents_never_exceed_the_places(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 25 + [OTHER] * 25)
    await publish_quota(crowd[0], "33.24", 20)
    await publish_quota(crowd[0], OTHER, 5)
    await asyncio.gather(*(record_consent(world) for world in crowd))
    await referral.work()
    counts = await read_quotas(crowd[0])
    assert counts["33.24"] == (20, 20, 0)
    assert counts[OTHER][1] <= 5
    waiting = await read_waiting(crowd[0])
    assert (len(waiting), {reason for _, reason in waiting}) == (30, {"KUOTA_PENUH"})


ONE_MORE = (
    "INSERT INTO quota_place (place_id, rujukan_program_id, quota_id, taken_on)"
    " SELECT gen_random_uuid(), p.rujukan_program_id, q.quota_id, current_date FROM program_quota q,"
    " rujukan_program p WHERE p.state = 'DRAF' LIMIT 1"
)


@pytest.mark.parametrize(
    "statement",
    [
        ONE_MORE,
        "UPDATE program_quota SET taken = taken + 1",
        "UPDATE program_quota SET places = 0",
        "UPDATE quota_place SET released_on = current_date",
    ],
)
async def test_database_refuses_more_places_than_the_quota(referral: Running, statement: str) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    await publish_quota(one, DESA, 1)
    await record_consent(one)
    with pytest.raises(
        Exception, match=r"ck_program_quota_taken_within_places|ck_quota_place_release_complete"
    ):
        await referral.execute(statement)
    assert await read_quotas(one) == {DESA: (1, 1, 0)}


@pytest.mark.parametrize(
    "change",
    [
        "released_on = released_on + 1",
        "released_on = NULL, released_as = NULL",
        "quota_id = (SELECT quota_id FROM program_quota WHERE kode_wilayah = '*')",
    ],
)
async def test_database_refuses_another_release_of_a_place(referral: Running, change: str) -> None:
    crowd = await create_worlds(referral, [DESA] * 3)
    for area in ("*", DESA):
        await publish_quota(crowd[0], area, 3)
    for world in crowd:
        await record_consent(world)
    await withdraw_consent(crowd[0])
    with pytest.raises(asyncpg.CheckViolationError, match="a place is released once"):
        await referral.sql(f"UPDATE quota_place SET {change} WHERE released_on IS NOT NULL")
    assert await read_quotas(crowd[0]) == {"*": (3, 2, 1), DESA: (3, 2, 1)}


async def test_released_place_goes_to_the_first_waiting_family(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 3)
    await publish_quota(crowd[0], DESA, 1)
    ids = [await record_consent(world) for world in crowd]
    assert await read_waiting(crowd[0]) == [(ids[1], "KUOTA_PENUH"), (ids[2], "KUOTA_PENUH")]
    assert (await withdraw_consent(crowd[0])).status_code == 201
    await referral.work()
    assert await read_waiting(crowd[0]) == [(ids[2], "KUOTA_PENUH")]
    assert await read_quotas(crowd[0]) == {DESA: (1, 1, 0)}
    left = await referral.sql("SELECT left_as FROM waiting_list_entry ORDER BY number")
    assert [row["left_as"] for row in left] == ["PROMOTED", None]


async def test_free_place_of_another_area_is_given_at_once(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA, DESA, OTHER])
    await publish_quota(crowd[0], "33.24", 9)
    await publish_quota(crowd[0], DESA, 1)
    ids = [await record_consent(world) for world in crowd]
    assert await read_waiting(crowd[0]) == [(ids[1], "KUOTA_PENUH")]
    assert (await read_quotas(crowd[0]))["33.24"] == (9, 2, 7)


async def test_later_family_does_not_overtake_the_waiting_list(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 3)
    await publish_quota(crowd[0], DESA, 1)
    ids = [await record_consent(world) for world in crowd[:2]]
    await withdraw_consent(crowd[0])  # released, but not promoted yet
    ids.append(await record_consent(crowd[2]))
    assert await read_waiting(crowd[0]) == [(ids[1], "KUOTA_PENUH"), (ids[2], "KUOTA_PENUH")]
    await referral.work()
    assert await read_waiting(crowd[0]) == [(ids[2], "KUOTA_PENUH")]


async def test_program_with_quotas_has_no_places_outside_them(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA, AWAY])
    await publish_quota(crowd[0], DESA, 5)
    ids = [await record_consent(world) for world in crowd]
    assert await read_waiting(crowd[0]) == [(ids[1], "TANPA_KUOTA")]
    assert (await publish_quota(crowd[0], AWAY, 1)).status_code == 201
    await referral.work()
    assert await read_waiting(crowd[0]) == []
    assert await read_quotas(crowd[0]) == {DESA: (5, 1, 4), AWAY: (1, 1, 0)}


async def test_quota_of_the_next_year_starts_empty(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 2)
    await publish_quota(crowd[0], DESA, 1)
    assert (await publish_quota(crowd[0], DESA, 7, valid_from=NEXT_YEAR)).status_code == 201
    ids = [await record_consent(world) for world in crowd]
    assert await read_waiting(crowd[0]) == [(ids[1], "KUOTA_PENUH")]
    await referral.set_clock(datetime.combine(TODAY + timedelta(days=366), time(8), JAKARTA))
    await referral.work()
    assert await read_waiting(crowd[0]) == []
    counted = await referral.sql("SELECT places, taken, valid_to FROM program_quota ORDER BY valid_from")
    assert [tuple(row)[:2] for row in counted] == [(1, 1), (7, 1)]
    assert str(counted[0]["valid_to"]) == NEXT_YEAR


async def test_places_cannot_fall_below_those_held(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 3)
    await publish_quota(crowd[0], DESA, 2)
    for world in crowd:
        await record_consent(world)
    refused = await publish_quota(crowd[0], DESA, 1)
    assert (refused.status_code, refused.json()["title"]) == (409, "QuotaBelowTaken")
    assert (await publish_quota(crowd[0], DESA, 3)).json()["version"] == 2
    await referral.work()
    assert await read_quotas(crowd[0]) == {DESA: (3, 3, 0)}
    changes = await referral.sql("SELECT version, places, set_by FROM program_quota_change ORDER BY version")
    assert [tuple(row) for row in changes] == [(1, 2, "kemensos-1"), (2, 3, "kemensos-1")]


async def test_quotas_of_a_program_outlive_its_revisions(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    places = {"quotas": [{"kode_wilayah": DESA, "places": 3, "valid_from": str(TODAY)}]}
    opens = {"intake": [{"opens_on": str(TODAY)}]}
    assert (
        await publish_program(one, PLUT, "PLUT", valid_from=str(TODAY), **places, **opens)
    ).status_code == 201
    row = await record_consent(one)
    assert await read_quotas(one) == {DESA: (3, 1, 2)}
    again = await publish_program(one, PLUT, "PLUT", valid_from=str(TODAY + timedelta(days=1)))
    assert again.json()["revision"] == 3
    assert await read_quotas(one) == {DESA: (3, 1, 2)}
    shown = await referral.get(f"/v1/rujukan-program/{row}", as_=one.dinsos)
    assert shown.json()["waiting"] is None


async def test_waiting_offer_shows_its_reason_and_position(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 3)
    await publish_quota(crowd[0], DESA, 1)
    rows = [await record_consent(world) for world in crowd]
    shown = await referral.get(f"/v1/rujukan-program/{rows[2]}", as_=crowd[2].pendamping)
    assert shown.json()["waiting"] == {"reason": "KUOTA_PENUH", "since_on": str(TODAY), "ahead": 1}


async def test_invalid_quotas_are_refused(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    assert (await publish_quota(one, "33.99", 1)).json()["title"] == "WilayahUnknown"
    assert (await publish_quota(one, DESA, 1, valid_to=str(TODAY))).json()["title"] == "InvalidRange"
    later = await publish_quota(one, DESA, 1, valid_from=NEXT_YEAR)
    overlap = await publish_quota(one, DESA, 1)
    assert overlap.json()["params"]["quota_id"] == later.json()["quota_id"]
    assert (overlap.status_code, overlap.json()["title"]) == (409, "QuotaOverlaps")
    assert overlap.json()["errors"][0]["pointer"] == "/body/valid_to"
    assert (await publish_quota(one, DESA, 1, valid_to=NEXT_YEAR)).status_code == 201


async def test_quota_cannot_end_in_the_past(referral: Running) -> None:
    """Neither a new quota nor a new end may set an end in the past."""
    one, *_ = await create_worlds(referral, [DESA])
    month_ago, week_ago = (str(TODAY - timedelta(days=days)) for days in (30, 7))
    assert (await publish_quota(one, DESA, 1, valid_from=month_ago)).status_code == 201
    for refused in (
        await publish_quota(one, DESA, 1, valid_from=week_ago),
        await publish_quota(one, DESA, 1, valid_from=month_ago, valid_to=week_ago),
    ):
        assert (refused.status_code, refused.json()["title"]) == (422, "DateInThePast")
    assert (await publish_quota(one, DESA, 1, valid_from=NEXT_YEAR)).status_code == 201
    overlap = await publish_quota(
        one, DESA, 1, valid_from=month_ago
    )  # without an end it overlaps the quota of the next year
    assert (overlap.status_code, overlap.json()["title"]) == (409, "QuotaOverlaps")


async def test_promotion_skips_families_of_a_full_area(
    referral: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = await create_worlds(referral, [DESA] * 4 + [OTHER])
    for area in (DESA, OTHER):
        await publish_quota(crowd[0], area, 0)
    ids = [await record_consent(world) for world in crowd]
    await referral.work()
    assert len(await read_waiting(crowd[0])) == 5
    promoted_ids: list[str] = []

    async def record_and_reserve(session: Any, row: Any, *rest: Any, **more: Any) -> bool:
        promoted_ids.append(str(row.rujukan_program_id))
        return await reserve_place(session, row, *rest, **more)

    monkeypatch.setattr(publication_places, "reserve_place", record_and_reserve)
    await publish_quota(crowd[0], OTHER, 1)
    await referral.work()
    assert promoted_ids == [ids[4]]
    assert len(await read_waiting(crowd[0])) == 4


async def test_families_are_promoted_in_order_of_consent_when_the_intake_opens(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 2)
    opens = TODAY + timedelta(days=10)
    assert (await publish_intake(crowd[0], opens, opens + timedelta(days=20))).status_code == 201
    await publish_quota(crowd[0], DESA, 1)
    ids = [await record_consent(world) for world in crowd]
    assert await read_waiting(crowd[0]) == [(ids[0], "PENERIMAAN_TUTUP"), (ids[1], "PENERIMAAN_TUTUP")]
    await referral.set_clock(datetime.combine(opens - timedelta(days=1), time(23, 59), JAKARTA))
    await referral.work()
    assert len(await read_waiting(crowd[0])) == 2
    await referral.set_clock(datetime.combine(opens, time(0, 1), JAKARTA))
    await referral.work()
    assert await read_waiting(crowd[0]) == [(ids[1], "KUOTA_PENUH")]
    assert await crowd[0].read_state(PLUT) == "DISETUJUI_KPM"


async def test_overlapping_or_past_intake_is_refused(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    soon, later = TODAY + timedelta(days=10), TODAY + timedelta(days=30)
    await publish_intake(one, soon, later)
    overlap = await publish_intake(one, soon + timedelta(days=1), later)
    assert (overlap.status_code, overlap.json()["title"]) == (409, "IntakeOverlaps")
    assert (await publish_intake(one, later, soon)).json()["title"] == "InvalidRange"
    past = TODAY - timedelta(days=10)
    assert (await publish_intake(one, past, past + timedelta(days=1))).json()["title"] == "DateInThePast"
    assert (await publish_intake(one, soon)).json()["closes_on"] is None
    mine = referral.token("DINSOS_KABKOTA", "dinsos-1", ["33.24"])
    refused = await referral.post(f"/v1/program/{one.partners['PLUT']['partner_id']}/intake", {}, as_=mine)
    assert refused.status_code == 403
