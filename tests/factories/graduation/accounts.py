"""Tokens of one account with and without a pendamping_id, and case steps with them."""

from datetime import date
from uuid import UUID

import asyncpg
import httpx

from tests.factories.graduation.case import CaseDriver
from tests.factories.graduation.events import DESA, KENDAL
from tests.factories.services import Running

DAY = date(2026, 5, 18)
ROLES = {
    "verification": "KETUA_TIM_KABKOTA",
    "musyawarah": "OPERATOR_DESA",
    "approval": "DINSOS_KABKOTA",
    "sk": "KEMENSOS",
}
P = UUID(int=1)
ORDERS = [(P, None), (None, P)]
"""The pendamping_id in the first and the second token of one account, in both orders."""


def token(service: Running, by: str, sub: str, pendamping_id: UUID | None) -> str:
    areas = {"musyawarah": [DESA], "sk": ["*"]}.get(by, [KENDAL])
    return service.token(ROLES[by], sub, areas, pendamping_id=pendamping_id)


async def take_step(driver: CaseDriver, by: str) -> httpx.Response:
    acts = {
        "verification": driver.verify,
        "musyawarah": lambda: driver.deliberate(str(DAY)),
        "approval": driver.approve,
        "sk": lambda: driver.determine(str(DAY)),
    }
    return await acts[by]()


async def create_case_before(service: Running, by: str) -> CaseDriver:
    """Return a case whose next step is `by`."""
    before = {
        "verification": "DIUSULKAN",
        "musyawarah": "DIVERIFIKASI_KETIM",
        "approval": "DIMUSYAWARAHKAN",
        "sk": "DISETUJUI_DINSOS",
    }
    return await (await CaseDriver.start(service)).advance_to(before[by])


async def insert_acts(service: Running, graduasi_id: str, *acts: tuple[str, str, str]) -> None:
    """Write acts (stage, person, sub) past the commands, and take them back."""
    connection = await asyncpg.connect(service.settings.worker_database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        for stage, person, sub in acts:
            await connection.execute(
                "INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)"
                " VALUES ($1, $2, $3, $4, $5, 'x', true, now())",
                UUID(graduasi_id),
                DESA,
                stage,
                person,
                sub,
            )
    finally:
        await transaction.rollback()
        await connection.close()
