"""What waits longer than its deadline, as a caller reads it."""

from datetime import date
from typing import Any

from tests.factories.graduation.case import set_day
from tests.factories.services import Running


async def read_overdue(service: Running, as_: str, on: date | None = None, **filters: str) -> list[Any]:
    """Return what is overdue for a caller, after the work of a day."""
    if on is not None:
        await set_day(service, on)
        await service.work()
    answer = await service.get("/v1/overdue", params=filters, as_=as_)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])
