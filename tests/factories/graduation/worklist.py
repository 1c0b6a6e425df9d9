"""Worklists over HTTP."""

from tests.factories.graduation.case import expect_ok
from tests.factories.services import Running


async def read_waiting(service: Running, token: str, path: str = "/v1/graduasi?waiting=me") -> list[str]:
    items = expect_ok(await service.get(path, as_=token), 200)["items"]
    name = "sanggah_id" if "sanggah" in path else "task_id" if "monitoring" in path else "graduasi_id"
    return [item[name] for item in items]
