"""Evidence that serves several cases, its flags, and the ketua tim who clears them."""

from typing import Any

import httpx

from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.events import KENDAL
from tests.factories.services import Running

REASON = {"reason": "Dua keluarga serumah, difoto bersama."}


def clearer_token(service: Running, sub: str = "ketua-tim-kendal-9", **more: Any) -> str:
    return service.token("KETUA_TIM_KABKOTA", sub, [KENDAL], **more)


async def list_flags(service: Running, as_: str = "", **query: Any) -> list[dict[str, Any]]:
    token = as_ or clearer_token(service)
    answer = await service.get("/v1/evidence-flag", as_=token, params=query)
    items: list[dict[str, Any]] = expect_ok(answer, 200)["items"]
    return items


async def clear_flag(service: Running, flag_id: str, as_: str = "", **more: Any) -> httpx.Response:
    path = f"/v1/evidence-flag/{flag_id}/clearance"
    return await service.post(path, REASON, as_=as_ or clearer_token(service), **more)


def share_photo(driver: CaseDriver, content: bytes = b"one photo") -> CaseDriver:
    """Let the driver upload the same photo as other drivers."""

    async def upload(_content: bytes = b"") -> str:
        return await driver.service.put_file(content, as_=driver.by["field"])

    driver.upload_evidence = upload
    return driver
