import asyncio
import random
from datetime import datetime, time, timedelta

import pytest

from shared.dates import JAKARTA
from tests.factories.referral.corrections import words_of
from tests.factories.referral.events import DESA, TODAY, build_graduasi_annulled
from tests.factories.referral.places import (
    PLUT,
    create_worlds,
    publish_intake,
    publish_quota,
    read_offer_id,
    read_quotas,
    read_waiting,
    record_consent,
    withdraw_consent,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

OTHER = "33.24.09.2002"


async def post_answer(world: World, status: str, reason: str | None = None) -> None:
    """Post an answer of the partner, as through its portal."""
    row = await read_offer_id(world)
    await world.referral.execute(
        f"UPDATE rujukan_program SET state = 'TERKIRIM', sent_on = current_date, shared_at = now()"
        f" WHERE rujukan_program_id = '{row}' AND state = 'DISETUJUI_KPM'"
    )
    body = {
        "answer_id": f"{row}-{status}",
        "status": status,
        "answered_on": str(TODAY),
        "reason_code": reason,
        **words_of(status),
    }
    response = await world.referral.post(f"/v1/rujukan-program/{row}/answer", body, as_=world.partner("PLUT"))
    assert response.status_code == 201, response.text


@pytest.mark.parametrize(
    ("status", "reason", "taken"),
    [
        ("DITOLAK", "KUOTA_HABIS", 0),
        ("DISETUJUI", None, 1),
        ("PERLU_DATA", None, 1),
        ("DAFTAR_TUNGGU", None, 1),
    ],
)
async def test_only_a_refusal_releases_the_place(
    referral: Running, status: str, reason: str | None, taken: int
) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    await publish_quota(one, DESA, 2)
    await record_consent(one)
    await post_answer(one, status, reason)
    assert await read_quotas(one) == {DESA: (2, taken, 2 - taken)}
    rows = await referral.sql("SELECT released_as FROM quota_place")
    assert [row["released_as"] for row in rows] == ([None] if taken else ["DITOLAK"])


async def test_withdrawn_rujukan_releases_its_places(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 2)
    await publish_quota(crowd[0], DESA, 1)
    ids = [await record_consent(world) for world in crowd]
    await crowd[0].apply_events(build_graduasi_annulled(crowd[0].family))
    await referral.work()
    assert await crowd[0].read_state(PLUT) == "DICABUT"
    assert await read_waiting(crowd[0]) == []
    rows = await referral.sql(
        "SELECT rujukan_program_id::text AS row FROM quota_place WHERE released_on IS NULL"
    )
    assert [one["row"] for one in rows] == [ids[1]]


async def test_delivered_aid_keeps_its_place(referral: Running) -> None:
    """After the delivery an annulment does not release the place."""
    crowd = await create_worlds(referral, [DESA] * 2)
    await publish_quota(crowd[0], DESA, 1)
    row, _ = [await record_consent(world) for world in crowd]
    await post_answer(crowd[0], "DISETUJUI")
    given = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
    path = f"/v1/rujukan-program/{row}/delivery"
    assert (await referral.post(path, given, as_=crowd[0].partner("PLUT"))).status_code == 201
    await crowd[0].apply_events(build_graduasi_annulled(crowd[0].family))
    await referral.work()
    assert await crowd[0].read_state(PLUT) == "DICABUT"
    assert await read_quotas(crowd[0]) == {DESA: (1, 1, 0)}
    assert len(await read_waiting(crowd[0])) == 1


async def test_only_promoted_families_are_sent(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 2)
    await publish_quota(crowd[0], DESA, 1)
    for world in crowd:
        await record_consent(world)
    await crowd[1].apply_identity(PLUT)
    await referral.work()
    assert await crowd[1].read_state(PLUT) == "DISETUJUI_KPM"
    await withdraw_consent(crowd[0])
    await referral.work()
    assert await crowd[1].read_state(PLUT) == "GAGAL_KIRIM"  # it was sent, and this partner has no server


async def test_opening_intake_promotes_the_partners_own_list(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    row = await record_consent(one)
    await post_answer(one, "DAFTAR_TUNGGU")
    assert await read_waiting(one) == [(row, "DAFTAR_MITRA")]
    opens = TODAY + timedelta(days=5)
    await publish_intake(one, opens)
    await referral.work()
    assert await one.read_state(PLUT) == "DAFTAR_TUNGGU"
    await referral.set_clock(datetime.combine(opens, time(1), JAKARTA))
    await referral.work()
    assert await one.read_state(PLUT) == "DIPROSES"
    assert await read_waiting(one) == []


async def test_intake_that_was_open_before_promotes_nobody(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    await publish_intake(one, TODAY)
    await referral.work()
    await record_consent(one)
    await post_answer(one, "DAFTAR_TUNGGU")
    await referral.work()
    assert (await publish_intake(one, TODAY, TODAY + timedelta(days=30))).status_code == 201  # it only closes
    await referral.work()
    assert await one.read_state(PLUT) == "DAFTAR_TUNGGU"


@pytest.mark.parametrize("seed", range(3))
async def test_places_add_up_after_any_sequence(referral: Running, seed: int) -> None:
    """Taken and free add up, and no family holds two places or waits with one."""
    chance = random.Random(seed)
    crowd = await create_worlds(referral, [DESA] * 5 + [OTHER] * 5)
    await publish_quota(crowd[0], "33.24", 5)
    await publish_quota(crowd[0], DESA, 2)
    waiting, withdrawn = list(crowd), list[World]()
    chance.shuffle(waiting)
    agreed: list[World] = []
    for _ in range(14):
        act = chance.choice(["agree", "agree", "agree", "back", "more", "work"])
        if act == "agree" and waiting:
            several = [waiting.pop() for _ in range(min(len(waiting), chance.randrange(1, 4)))]
            await asyncio.gather(*(record_consent(world) for world in several))
            agreed += several
        elif act == "back" and agreed:
            withdrawn.append(agreed.pop(chance.randrange(len(agreed))))
            assert (await withdraw_consent(withdrawn[-1])).status_code == 201
        elif act == "more":
            await publish_quota(crowd[0], "33.24", chance.randrange(5, 9))
        elif act == "work":
            await referral.work()
        await read_quotas(crowd[0])
        await check_no_double_count(referral)
    await referral.work()
    counts = await read_quotas(crowd[0])
    left = await read_waiting(crowd[0])
    assert counts["33.24"][1] + len(left) == len(agreed)
    if left:  # the others wait for a full quota
        assert counts["33.24"][2] == 0 or counts[DESA][2] == 0


async def check_no_double_count(referral: Running) -> None:
    wrong = await referral.sql(
        "SELECT p.state FROM rujukan_program p JOIN quota_place h USING (rujukan_program_id)"
        " WHERE h.released_on IS NULL AND (p.state IN ('DRAF', 'DITOLAK', 'KEDALUWARSA', 'DICABUT')"
        " OR EXISTS (SELECT FROM waiting_list_entry w WHERE w.rujukan_program_id = p.rujukan_program_id AND w.left_on IS NULL"
        " AND w.reason = 'KUOTA_PENUH'))"
    )
    assert wrong == []
    counted = await referral.sql(
        "SELECT 1 FROM program_quota q WHERE waiting <> (SELECT count(*) FROM waiting_list_entry w WHERE w.quota_id = q.quota_id"
        " AND left_on IS NULL)"
    )
    assert counted == []


async def test_end_of_a_full_quota_promotes_those_who_waited_for_it(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA] * 3)
    ends = TODAY + timedelta(days=5)
    await publish_quota(crowd[0], "33.24", 10)
    await publish_quota(crowd[0], DESA, 1, valid_to=str(ends))
    first, second = [await record_consent(world) for world in crowd[:2]]
    assert await read_waiting(crowd[0]) == [(second, "KUOTA_PENUH")]
    await referral.work()
    await referral.set_clock(datetime.combine(ends, time(1), JAKARTA))
    await referral.work()
    assert await read_waiting(crowd[0]) == []
    places = await referral.sql("SELECT rujukan_program_id FROM quota_place WHERE released_on IS NULL")
    assert {str(row["rujukan_program_id"]) for row in places} == {first, second}
