"""Rujukan of a family that moves to another kabupaten."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.caseload import DampinganEnded, DampinganStarted, KpmRegistered, KpmUpdated
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    DESA,
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_pendamping_facts,
)
from tests.factories.referral.places import (
    create_worlds,
    publish_quota,
    read_quotas,
    read_waiting,
    record_consent,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, THERE, OFFICE_THERE = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "33.25.06.2004", "33.25"


async def move_family(world: World) -> World:
    """Move the family to another kabupaten with another pendamping, and return its new world."""
    family = Family(kpm_id=world.family.kpm_id, graduasi_id=world.family.graduasi_id, area=THERE)
    facts = build_family_facts(family)
    state = next(fact for fact in facts if isinstance(fact, KpmRegistered))
    started = next(fact for fact in facts if isinstance(fact, DampinganStarted))
    rows = await world.referral.sql(
        "SELECT dampingan_id FROM replica_kpm.dampingan WHERE kpm_id = $1", family.kpm_id
    )
    ended = started.model_dump() | {
        "dampingan_id": rows[0]["dampingan_id"],
        "pendamping_id": world.family.pendamping_id,
        "penugasan_id": world.family.penugasan_id,
        "valid_to": TODAY,
    }
    now = started.model_copy(update={"dampingan_id": uuid4(), "valid_from": TODAY})
    await world.apply_events(
        KpmUpdated(**state.model_dump()), DampinganEnded(**ended), now, *build_pendamping_facts(family)
    )
    return replace(world, family=family)


async def read_visible_programs(world: World, token: str) -> list[str]:
    answer = await world.referral.get("/v1/rujukan-program", as_=token)
    assert answer.status_code == 200, answer.text
    return sorted(item["program_code"] for item in answer.json()["items"])


async def test_relocated_family_is_served_in_its_new_area(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        before = await create_world(referral, {"BANK_KUR": bank})
        await before.apply_events(
            *build_family_facts(before.family), build_graduasi_determined(before.family)
        )
        offered = await read_visible_programs(before, before.dinsos)
        office = referral.token("DINSOS_KABKOTA", "dinsos-batang-1", [OFFICE_THERE])
        assert await read_visible_programs(before, office) == []
        program = (await before.read_programs())[KUR]["rujukan_program_id"]
        there = await move_family(before)
        assert await read_visible_programs(there, before.dinsos) == []
        assert await read_visible_programs(there, office) == offered
        body = {"text_version": 1, "channel": "TATAP_MUKA", "evidence_sha256": before.evidence}
        path = f"/v1/rujukan-program/{program}/consent"
        body |= {"given_on": str(TODAY)}
        assert (await referral.post(path, body, as_=before.pendamping)).status_code == 404
        agreed = await referral.post(path, body, as_=there.pendamping)
        assert (agreed.status_code, agreed.json()["kode_wilayah"]) == (201, THERE)
        (event,) = await there.read_emitted_data("referral.consent_given.v1")
        assert event["kode_wilayah"] == THERE  # caseload seals by this area, and the partner calls its office


async def test_relocated_family_keeps_its_turn_for_places_of_the_new_area(referral: Running) -> None:
    first, second, third = await create_worlds(referral, [DESA] * 3)
    await publish_quota(first, DESA, 1)
    await publish_quota(first, THERE, 1)
    await record_consent(first)
    rows = [await record_consent(world) for world in (second, third)]
    assert await read_waiting(first) == [(row, "KUOTA_PENUH") for row in rows]
    await move_family(second)
    await referral.work()
    assert await read_quotas(first) == {DESA: (1, 1, 0), THERE: (1, 1, 0)}
    assert await read_waiting(first) == [(rows[1], "KUOTA_PENUH")]
    counted = await referral.sql("SELECT waiting FROM program_quota ORDER BY kode_wilayah")
    assert [row["waiting"] for row in counted] == [1, 0]
    await move_family(third)  # there it is full as well
    await referral.work()
    counted = await referral.sql("SELECT waiting FROM program_quota ORDER BY kode_wilayah")
    assert [row["waiting"] for row in counted] == [0, 1]
    await move_family(first)  # a place that is held stays held
    await referral.work()
    assert await read_quotas(first) == {DESA: (1, 1, 0), THERE: (1, 1, 0)}


async def test_outcome_tasks_move_with_the_family(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        before = await create_world(referral, {"BANK_KUR": bank})
        await before.apply_events(
            *build_family_facts(before.family), build_graduasi_determined(before.family)
        )
        subject = await before.send_rujukan(KUR)
        body = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY)}
        partner, path = before.partner("BANK_KUR"), f"/v1/rujukan-program/{subject}"
        answer = {"answer_id": "A-1", "status": "DISETUJUI", "answered_on": str(TODAY)}
        assert (await referral.post(f"{path}/answer", answer, as_=partner)).status_code == 201
        assert (await referral.post(f"{path}/delivery", body, as_=partner)).status_code == 201
        there = await move_family(before)
        ahead = f"/v1/outcome-task?due_by={TODAY + timedelta(days=100)}"
        assert (await referral.get(ahead, as_=before.pendamping)).json()["items"] == []
        (task,) = (await referral.get(ahead, as_=there.pendamping)).json()["items"]
        assert (task["month"], task["kode_wilayah"]) == (3, THERE)


async def test_rujukan_opens_in_the_current_area_of_the_family(
    referral: Running,
) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family))
    there = await move_family(world)
    await world.apply_events(build_graduasi_determined(world.family))
    opened = await referral.sql("SELECT kode_wilayah FROM rujukan")
    assert [row["kode_wilayah"] for row in opened] == [there.family.area]
