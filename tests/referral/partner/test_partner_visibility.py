import asyncpg

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running, open_scope

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"


async def create_case(referral: Running, bank: PartnerSimulator, plut: PartnerSimulator) -> World:
    world = await create_world(referral, {"BANK_KUR": bank, "PLUT": plut})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def read_listed_programs(world: World, partner: str) -> list[str]:
    answer = await world.referral.get("/v1/rujukan-program", as_=world.partner(partner))
    return [item["program_code"] for item in answer.json()["items"]]


async def test_partner_sees_only_its_own_rujukan(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, bank, plut)
        subject = await world.send_rujukan(KUR)
        other = await world.send_rujukan(PLUT)
        assert await read_listed_programs(world, "BANK_KUR") == [KUR]
        assert await read_listed_programs(world, "PLUT") == [PLUT]
        bank_token = world.partner("BANK_KUR")
        assert (await referral.get(f"/v1/rujukan-program/{subject}", as_=bank_token)).status_code == 200
        assert (await referral.get(f"/v1/rujukan-program/{other}", as_=bank_token)).status_code == 404
        terms = {"answer_id": "X", "status": "DISETUJUI", "answered_on": str(TODAY)}
        stolen = await referral.post(f"/v1/rujukan-program/{other}/answer", terms, as_=bank_token)
        assert stolen.status_code == 404
        body = {"delivery_id": "D", "delivered_on": str(TODAY)}
        assert (
            await referral.post(f"/v1/rujukan-program/{other}/delivery", body, as_=bank_token)
        ).status_code == 404
        assert await world.read_state(PLUT) == "TERKIRIM"


async def test_partner_sees_a_rujukan_only_after_it_was_shared(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, bank, plut)
        assert await read_listed_programs(world, "BANK_KUR") == []
        await world.record_consent(KUR)
        assert await read_listed_programs(world, "BANK_KUR") == []
        await world.apply_identity(KUR)
        await referral.work()
        assert await read_listed_programs(world, "BANK_KUR") == [KUR]


async def test_partner_does_not_see_family_ids_and_reasons(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, bank, plut)
        subject = await world.send_rujukan(KUR)
        bank_token = world.partner("BANK_KUR")
        seen = await referral.get(f"/v1/rujukan-program/{subject}", as_=bank_token)
        page = await referral.get("/v1/rujukan-program", as_=bank_token)
        for text in (seen.text, page.text):
            assert str(world.family.kpm_id) not in text
            assert str(world.family.graduasi_id) not in text
            assert "SEJAHTERA" not in text
        assert seen.json()["reasons"] == []
        official = await referral.get(f"/v1/rujukan-program/{subject}", as_=world.dinsos)
        assert len(official.json()["reasons"]) == 3


async def test_partner_sees_no_case_history_or_offer(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, bank, plut)
        subject = await world.send_rujukan(KUR)
        rujukan = (await world.read_programs())[KUR]["rujukan_id"]
        paths = (
            "/v1/rujukan",
            f"/v1/rujukan/{rujukan}",
            f"/v1/rujukan-program/{subject}/history",
            f"/v1/rujukan-program/{subject}/attempt",
            f"/v1/offer?kpm_id={world.family.kpm_id}",
            "/v1/partner",
        )
        answers = [await referral.get(path, as_=world.partner("BANK_KUR")) for path in paths]
        assert [answer.status_code for answer in answers] == [403] * len(paths)


async def test_partner_token_needs_a_partner_id(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, bank, plut)
        subject = await world.send_rujukan(KUR)
        nobody = referral.token("PARTNER", "partner-x", ["*"])
        assert (await referral.get("/v1/rujukan-program", as_=nobody)).status_code == 401
        assert (await referral.get(f"/v1/rujukan-program/{subject}", as_=nobody)).status_code == 401
        terms = {"answer_id": "X", "status": "DISETUJUI", "answered_on": str(TODAY)}
        answer = await referral.post(f"/v1/rujukan-program/{subject}/answer", terms, as_=nobody)
        assert answer.status_code == 401


async def test_database_shows_a_partner_only_its_own_rows(referral: Running) -> None:
    """The scope of a partner, of another and of none on one connection."""
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, bank, plut)
        await world.send_rujukan(KUR)
        connection = await asyncpg.connect(referral.database.url)
        try:
            seen = []
            for areas, partner in (
                ("*", "BANK_KUR"),
                ("*", "PLUT"),
                ("", None),
                ("33.24", None),
                ("33.25", None),
            ):
                async with connection.transaction():
                    chosen = world.partners[partner]["partner_id"] if partner else ""
                    scope = "PARTNER" if partner else "AREA"
                    await open_scope(connection, areas=areas, scope=scope, partner=chosen)
                    tables = ("rujukan", "rujukan_program", "consent", "delivery_attempt")
                    seen.append(
                        tuple(
                            [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
                        )
                    )
            assert seen == [(1, 1, 1, 1), (0, 0, 0, 0), (0, 0, 0, 0), (1, 3, 1, 1), (0, 0, 0, 0)]
            assert await connection.fetchval("SELECT count(*) FROM rujukan_program") == 0
            for statement in (
                "SELECT sealed FROM identity",
                "UPDATE partner_answer SET status = 'DITOLAK'",
                "DELETE FROM consent",
            ):
                refused = None
                try:
                    await connection.execute(statement)
                except asyncpg.InsufficientPrivilegeError as error:
                    refused = error
                assert refused is not None, statement
        finally:
            await connection.close()
