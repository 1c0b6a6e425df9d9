"""The tasks that a caller reads."""

from typing import Any

from tests.factories.services import Running


async def read_tasks(service: Running, as_: str, query: str = "") -> list[dict[str, Any]]:
    """Return the caller's tasks, by default the open ones."""
    answer = await service.get(f"/v1/tugas{query}", as_=as_)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])
