"""Consent and its withdrawal between referral and the real caseload."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.caseload import intake as families
from tests.factories.cluster import Cluster
from tests.factories.delivery import deliver
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, Family, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running, run_service

KUR = "KUR_SUPERMIKRO"


@pytest.fixture
async def consent_services(
    cluster: Cluster, referral: Running, caseload: Running
) -> AsyncIterator[tuple[World, Running]]:
    """Referral and caseload with one family, its pendamping and its graduation."""
    bank = PartnerSimulator()
    async with (
        bank,
        run_service(cluster, "registry") as registry,
        run_service(cluster, "graduation") as graduation,
    ):
        await registry.publish(*families.pendamping())
        for service in (caseload, referral):
            await deliver(registry, service)
        await families.import_file(caseload, families.build_csv(families.mother()))
        await deliver(caseload, referral)
        kpm_id = UUID(await families.read_kpm_id(caseload, families.mother()[0]["nik"]))
        family = Family(kpm_id=kpm_id, pendamping_id=families.PENDAMPING, area=families.DESA)
        world = await create_world(referral, {"BANK_KUR": bank}, family)
        await graduation.publish(build_graduasi_determined(family))
        await deliver(graduation, referral)
        yield world, caseload


async def withdraw_consent(world: World) -> None:
    subject = (await world.read_programs())[KUR]["rujukan_program_id"]
    why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, why, as_=world.pendamping)).status_code == 201


async def count_sealings(caseload: Running) -> int:
    """Return how often caseload has sealed.

    The bodies in the outbox are cleared once they are sent.
    """
    counted = "SELECT count(*) AS n FROM platform.outbox WHERE topic = 'pilar.sealed'"
    return (await caseload.sql(counted))[0]["n"]


async def count_identities(world: World) -> int:
    return (await world.referral.sql("SELECT count(*) AS n FROM identity"))[0]["n"]


async def test_repeated_consent_event_is_sealed_and_sent_once(
    consent_services: tuple[World, Running],
) -> None:
    world, caseload = consent_services
    assert (await world.record_consent(KUR)).status_code == 201
    await deliver(world.referral, caseload, times=3)
    await deliver(caseload, world.referral, times=2)
    await world.referral.work()
    assert await world.read_state(KUR) == "TERKIRIM"
    (notice,) = world.simulators["BANK_KUR"].received
    assert (notice.body["nik"], notice.body["name"]) == (families.mother()[0]["nik"], "Ibu Contoh")
    assert await count_sealings(caseload) == 1


async def test_withdrawal_after_the_sending_is_notified_to_the_partner(
    consent_services: tuple[World, Running],
) -> None:
    world, caseload = consent_services
    bank = world.simulators["BANK_KUR"]
    await world.record_consent(KUR)
    await deliver(world.referral, caseload)
    await deliver(caseload, world.referral)
    await world.referral.work()
    assert await count_identities(world) == 1
    await withdraw_consent(world)
    assert await count_identities(world) == 0
    await world.referral.work()
    await deliver(world.referral, caseload)
    assert [notice.body["notice"] for notice in bank.received] == ["RUJUKAN", "DICABUT"]
    assert [row["state"] for row in await caseload.sql("SELECT state FROM sealing")] == ["WITHDRAWN"]
    seen = await caseload.get(f"/v1/kpm/{world.family.kpm_id}", as_=families.pendamping_token(caseload))
    assert [aid["status"] for aid in seen.json()["aid"]] == ["DICABUT"]


async def test_withdrawal_before_the_sealing_reaches_no_partner(
    consent_services: tuple[World, Running],
) -> None:
    """Caseload receives consent and withdrawal in order. Referral drops what was sealed between them."""
    world, caseload = consent_services
    await world.record_consent(KUR)
    await withdraw_consent(world)
    await deliver(world.referral, caseload, times=2)
    await deliver(caseload, world.referral)
    await world.retry_now()
    assert [row["state"] for row in await caseload.sql("SELECT state FROM sealing")] == ["WITHDRAWN"]
    assert world.simulators["BANK_KUR"].tries == 0
    assert await count_identities(world) == 0


async def test_withdrawal_during_the_sealing_stores_no_identity(
    consent_services: tuple[World, Running],
) -> None:
    world, caseload = consent_services
    await world.record_consent(KUR)
    await deliver(world.referral, caseload)
    assert await count_sealings(caseload) == 1
    await withdraw_consent(world)
    await deliver(caseload, world.referral)
    await world.retry_now()
    assert await count_identities(world) == 0
    assert world.simulators["BANK_KUR"].tries == 0
