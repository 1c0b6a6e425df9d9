"""`GET /v1/me` shows each account its roles, areas and permissions."""

from datetime import date
from uuid import uuid4

import pytest

from shared.access.permissions import LEVEL_OF_ROLE
from shared.roles import Role
from tests.factories.graduation.case import set_day
from tests.factories.services import Running

AREAS = {0: "33.24", 1: "33", 2: "33.24", 3: "33.24.09", 4: "33.24.09.2011"}


@pytest.mark.parametrize("role", Role)
async def test_every_role_reads_its_own_account(registry: Running, role: Role) -> None:
    area = AREAS[LEVEL_OF_ROLE[role]]
    pendamping_id = str(uuid4()) if role is Role.PENDAMPING else None
    partner_id = str(uuid4()) if role is Role.PARTNER else None
    token = registry.token(role, "someone-1", [area], pendamping_id=pendamping_id, partner_id=partner_id)
    answer = await registry.get("/v1/me", as_=token)
    assert answer.status_code == 200, answer.text
    account = answer.json()
    assert (account["sub"], [one["role"] for one in account["roles"]]) == ("someone-1", [role])
    assert [one["kode_wilayah"] for one in account["areas"]] == [area]
    assert (account["pendamping_id"], account["partner_id"]) == (pendamping_id, partner_id)


async def test_account_has_the_business_date(registry: Running) -> None:
    await set_day(registry, date(2026, 5, 18), hour=18)
    assert (await registry.get("/v1/me", as_=registry.token("KEMENSOS"))).json()["today"] == "2026-05-19"


async def test_account_has_named_areas_and_the_permissions_of_the_service(
    registry: Running, caseload: Running, graduation: Running, referral: Running
) -> None:
    own = (
        (registry, ("coverage.read", "AREA", "UMUM")),
        (caseload, ("kpm.look_up", "AREA", "PRIBADI")),
        (graduation, ("numbers.read", "AREA", "UMUM")),
        (referral, ("numbers.read", "AREA", "UMUM")),
    )
    for service, expected in own:
        token = service.token("DINSOS_PROVINSI", areas=["33", "*"])
        account = (await service.get("/v1/me", as_=token)).json()
        assert account["roles"] == [{"role": "DINSOS_PROVINSI", "area_level": "province"}]
        assert [one["wilayah_name"] for one in account["areas"]] == ["Jawa Tengah", None]
        items = account["permissions"]
        permissions = [(one["permission"], one["scope"], one["field_level"]) for one in items]
        assert expected in permissions
        assert ("kpm.read", "AREA", "SPESIFIK") not in permissions
