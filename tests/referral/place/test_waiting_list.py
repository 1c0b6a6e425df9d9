import asyncio
import random
from datetime import datetime, time, timedelta

import pytest

from shared.dates import JAKARTA
from tests.factories.referral.events import DESA, TODAY, annulled
from tests.factories.referral.places import (
    PLUT,
    a_crowd,
    agree,
    intake,
    line,
    offer_of,
    quota,
    quotas,
    take_back,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

OTHER = "33.24.09.2002"


async def answered(world: World, status: str, reason: str | None = None) -> None:
    """Let the partner answer an offer that it has, as it would by its portal."""
    row = await offer_of(world)
    await world.referral.execute(
        f"UPDATE rujukan_program SET state = 'TERKIRIM', sent_on = current_date, shared_at = now()"
        f" WHERE rujukan_program_id = '{row}' AND state = 'DISETUJUI_KPM'"
    )
    body = {
        "answer_id": f"{row}-{status}",
        "status": status,
        "answered_on": str(TODAY),
        "reason_code": reason,
    }
    said = await world.referral.post(f"/v1/rujukan-program/{row}/answer", body, as_=world.partner("PLUT"))
    assert said.status_code == 201, said.text


@pytest.mark.parametrize(
    ("status", "reason", "taken"),
    [
        ("DITOLAK", "KUOTA_HABIS", 0),
        ("DISETUJUI", None, 1),
        ("PERLU_DATA", None, 1),
        ("DAFTAR_TUNGGU", None, 1),
    ],
)
async def test_on_a_refusal_and_not_before(
    referral: Running, status: str, reason: str | None, taken: int
) -> None:
    one, *_ = await a_crowd(referral, [DESA])
    await quota(one, DESA, 2)
    await agree(one)
    await answered(one, status, reason)
    assert await quotas(one) == {DESA: (2, taken, 2 - taken)}
    held = await referral.sql("SELECT released_as FROM quota_place")
    assert [row["released_as"] for row in held] == ([None] if taken else ["DITOLAK"])


async def test_when_the_case_is_withdrawn_as_a_whole(referral: Running) -> None:
    crowd = await a_crowd(referral, [DESA] * 2)
    await quota(crowd[0], DESA, 1)
    rows = [await agree(world) for world in crowd]
    await crowd[0].apply_events(annulled(crowd[0].family))
    await referral.work()
    assert await crowd[0].state(PLUT) == "DICABUT"
    assert await line(crowd[0]) == []
    held = await referral.sql(
        "SELECT rujukan_program_id::text AS row FROM quota_place WHERE released_on IS NULL"
    )
    assert [one["row"] for one in held] == [rows[1]]


async def test_but_not_when_the_aid_is_there_already(referral: Running) -> None:
    """The graduation is undone after the delivery: what was spent is not there for another family."""
    crowd = await a_crowd(referral, [DESA] * 2)
    await quota(crowd[0], DESA, 1)
    row, _ = [await agree(world) for world in crowd]
    await answered(crowd[0], "DISETUJUI")
    given = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
    path = f"/v1/rujukan-program/{row}/delivery"
    assert (await referral.post(path, given, as_=crowd[0].partner("PLUT"))).status_code == 201
    await crowd[0].apply_events(annulled(crowd[0].family))
    await referral.work()
    assert await crowd[0].state(PLUT) == "DICABUT"
    assert await quotas(crowd[0]) == {DESA: (1, 1, 0)}
    assert len(await line(crowd[0])) == 1


async def test_never_send_who_waits_and_send_who_is_promoted(referral: Running) -> None:
    crowd = await a_crowd(referral, [DESA] * 2)
    await quota(crowd[0], DESA, 1)
    for world in crowd:
        await agree(world)
    await crowd[1].identity(PLUT)
    await referral.work()
    assert await crowd[1].state(PLUT) == "DISETUJUI_KPM"
    await take_back(crowd[0])
    await referral.work()
    assert await crowd[1].state(PLUT) == "GAGAL_KIRIM"  # it was sent, and this partner listens nowhere


async def test_bring_up_the_partners_own_list_when_its_intake_opens(referral: Running) -> None:
    one, *_ = await a_crowd(referral, [DESA])
    row = await agree(one)
    await answered(one, "DAFTAR_TUNGGU")
    assert await line(one) == [(row, "DAFTAR_MITRA")]
    opens = TODAY + timedelta(days=5)
    await intake(one, opens)
    await referral.work()
    assert await one.state(PLUT) == "DAFTAR_TUNGGU"
    await referral.set_clock(datetime.combine(opens, time(1), JAKARTA))
    await referral.work()
    assert await one.state(PLUT) == "DIPROSES"
    assert await line(one) == []


async def test_are_not_brought_up_by_an_intake_that_was_open_all_the_time(referral: Running) -> None:
    one, *_ = await a_crowd(referral, [DESA])
    await intake(one, TODAY)
    await referral.work()
    await agree(one)
    await answered(one, "DAFTAR_TUNGGU")
    await referral.work()
    assert (await intake(one, TODAY, TODAY + timedelta(days=30))).status_code == 201  # it only closes
    await referral.work()
    assert await one.state(PLUT) == "DAFTAR_TUNGGU"


@pytest.mark.parametrize("seed", range(3))
async def test_add_up_at_all_times(referral: Running, seed: int) -> None:
    """Whatever is done in whatever order: reserved and free are the places, and nobody holds two or waits with one."""
    chance = random.Random(seed)
    crowd = await a_crowd(referral, [DESA] * 5 + [OTHER] * 5)
    await quota(crowd[0], "33.24", 5)
    await quota(crowd[0], DESA, 2)
    waiting, gone = list(crowd), list[World]()
    chance.shuffle(waiting)
    agreed: list[World] = []
    for _ in range(14):
        act = chance.choice(["agree", "agree", "agree", "back", "more", "work"])
        if act == "agree" and waiting:
            several = [waiting.pop() for _ in range(min(len(waiting), chance.randrange(1, 4)))]
            await asyncio.gather(*(agree(world) for world in several))
            agreed += several
        elif act == "back" and agreed:
            gone.append(agreed.pop(chance.randrange(len(agreed))))
            assert (await take_back(gone[-1])).status_code == 201
        elif act == "more":
            await quota(crowd[0], "33.24", chance.randrange(5, 9))
        elif act == "work":
            await referral.work()
        await quotas(crowd[0])
        await nobody_counts_twice(referral)
    await referral.work()
    found = await quotas(crowd[0])
    left = await line(crowd[0])
    assert found["33.24"][1] + len(left) == len(agreed)
    if left:  # who still waits, waits for something that is full
        assert found["33.24"][2] == 0 or found[DESA][2] == 0


async def nobody_counts_twice(referral: Running) -> None:
    wrong = await referral.sql(
        "SELECT p.state FROM rujukan_program p JOIN quota_place h USING (rujukan_program_id)"
        " WHERE h.released_on IS NULL AND (p.state IN ('DRAF', 'DITOLAK', 'KEDALUWARSA', 'DICABUT')"
        " OR EXISTS (SELECT FROM waiting w WHERE w.rujukan_program_id = p.rujukan_program_id AND w.left_on IS NULL"
        " AND w.reason = 'KUOTA_PENUH'))"
    )
    assert wrong == []
    counted = await referral.sql(
        "SELECT 1 FROM program_quota q WHERE waiting <> (SELECT count(*) FROM waiting w WHERE w.quota_id = q.quota_id"
        " AND left_on IS NULL)"
    )
    assert counted == []
