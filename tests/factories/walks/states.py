"""States of families beyond those of a walk: ended, moved, handed over, in an emergency."""

from typing import Any
from uuid import UUID, uuid4

import orjson

from shared.contracts.caseload import DampinganEnded, DampinganStarted, KpmFacts, KpmUpdated
from shared.contracts.kinds import FamilyEndReason
from tests.factories.caseload import intake
from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import advance_days, finish_hand_over
from tests.factories.caseload.member import record_death
from tests.factories.delivery import apply_records, relay
from tests.factories.graduation.events import Field
from tests.factories.referral.events import Family as ReferredFamily
from tests.factories.referral.events import build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.scope_cases import HOLDER
from tests.factories.services import Running
from tests.factories.walked_operations import Successor

FAR, PROGRAM = intake.FAR_DESA, "UMKM_PENDAMPINGAN"
TOPICS = ("pilar.registry", "pilar.caseload", "pilar.graduation", "pilar.referral")


async def add_states(service: Running) -> Successor | None:
    """Add states to a walked service, and return who accompanies its families.

    Nobody does in registry.
    """
    match service.name:
        case "caseload":
            return await add_states_of_caseload(service)
        case "graduation" | "referral":
            return await add_states_of_replicas(service)
        case _:
            return None


async def add_states_of_caseload(service: Running) -> Successor:
    """End, move and open one family each, and hand all over to T."""
    ended, moved, opened = [await register_family(service, number) for number in (61, 62, 63)]
    ministry = service.token("KEMENSOS", "kemensos-1")
    today = (await service.get("/v1/clock", as_=service.token("OPERATOR"))).json()["today"]
    away = {
        "kode_wilayah": FAR,
        "on": today,
        "evidence_sha256": await service.put_file(b"surat", as_=ministry),
    }
    await moved.post_ok("move", away, (await moved.read())["version"], as_=ministry)
    lead = service.token("KETUA_TIM_KABKOTA", HOLDER, ["33.25"])
    await opened.post_ok("akses-darurat", {"reason": "Keluarga mengungsi.", "hours": 72}, as_=lead)
    await record_death(ended, today)
    # The walk has ordered the hand-over for the next day.
    await advance_days(service)
    await service.work()

    async def hand_over() -> None:
        there = {"from_penugasan_id": str(intake.OTHER_PENUGASAN), "to_penugasan_id": str(intake.PENUGASAN)}
        done = await finish_hand_over(service, await advance_days(service), kode_wilayah="33.24", **there)
        assert (done["state"], done["refused"]) == ("DONE", 0), done

    return Successor(intake.pendamping_token(service, intake.OTHER), hand_over)


async def register_family(service: Running, number: int) -> Family:
    """Import a family of S with one member."""
    rows = intake.family(number, 1, pendamping_no=intake.PENDAMPING_NO)
    await intake.import_file(service, intake.build_csv(rows))
    kpm_id = await intake.read_kpm_id(service, rows[0]["nik"])
    return Family(service, kpm_id, intake.pendamping_token(service))


async def add_states_of_replicas(service: Running) -> Successor:
    """End a family, move another, and let a successor accompany all as well."""
    today = (await service.get("/v1/clock", as_=service.token("OPERATOR"))).json()["today"]
    last = await refer_families(service, today) if service.name == "referral" else []
    rows = [dict(row) for row in await service.sql("SELECT * FROM replica_kpm.kpm ORDER BY kpm_id DESC")]
    moved, ended = [build_facts(row) for row in rows if row["kpm_id"] in last or not last][:2]
    end: dict[str, Any] = {"ended_on": today, "end_reason": FamilyEndReason.MENINGGAL}
    await apply_events(
        service, moved.model_copy(update={"kode_wilayah": FAR}), KpmUpdated(**ended.model_dump() | end)
    )
    await service.work()
    field = await Field(service).start()
    terms = [
        field.build_dampingan(row["kpm_id"], kode_wilayah=row["kode_wilayah"], dampingan_id=uuid4())
        for row in rows
    ]
    await apply_events(service, *(DampinganStarted(**one) for one in terms))
    if service.name == "graduation":
        # As if they had opened every case and proposed it, which gives no right after the hand-over.
        await service.sql("UPDATE graduasi SET opened_by = $1", str(field.pendamping_id))
        await service.sql("UPDATE stage_act SET person = $1 WHERE stage = 'USUL'", str(field.pendamping_id))

    async def hand_over() -> None:
        await apply_events(service, *(DampinganEnded(**one, valid_to=today) for one in terms))

    return Successor(field.token, hand_over)


async def refer_families(service: Running, today: str) -> list[UUID]:
    """Refer two families, one with a consent and one whose partner does not answer."""
    families: list[UUID] = []
    for called in (False, True):
        world = World(service, ReferredFamily())
        await apply_events(
            service, *build_family_facts(world.family), build_graduasi_determined(world.family)
        )
        world.evidence = await service.put_file(b"persetujuan", as_=world.pendamping)
        given = await world.record_consent(PROGRAM, given_on=today)
        assert given.is_success, given.text
        if called:
            await world.apply_identity(PROGRAM)
            await service.work()
        families.append(world.family.kpm_id)
    return families


def build_facts(row: dict[str, Any]) -> KpmUpdated:
    """Return the facts of a family as its replica has them."""
    facts = {name: row[name] for name in KpmFacts.model_fields if name in row}
    return KpmUpdated(**facts | {name: orjson.loads(row[name]) for name in ("komponen", "desil")})


async def apply_events(service: Running, *events: Any) -> None:
    """Let a service apply events of the others, published in its own outbox."""
    await service.publish(*events)
    await relay(service)
    for subscription in service.parts.subscriptions:
        await apply_records(service, subscription, dict.fromkeys(TOPICS, service.worker))
