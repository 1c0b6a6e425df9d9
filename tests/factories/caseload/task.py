"""The tasks that a caller reads."""

from typing import Any

from tests.factories.services import Running


async def read_tasks(service: Running, as_: str, query: str = "") -> list[dict[str, Any]]:
    """Return the caller's tasks, by default the open ones."""
    answer = await service.get(f"/v1/tugas{query}", as_=as_)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def list_unrecorded(service: Running) -> list[str]:
    """Return the kinds of finished tasks without an entry of their finisher in the history."""
    rows = await service.sql(
        "SELECT kind FROM tugas t WHERE done_at IS NOT NULL AND NOT EXISTS (SELECT FROM kpm_history h"
        " WHERE h.kpm_id = t.kpm_id AND h.subject = 'tugas' AND h.subject_id = t.tugas_id AND h.act = 'DONE'"
        " AND h.sub = t.done_by AND h.detail = jsonb_build_object('kind', t.kind))"
    )
    return [row["kind"] for row in rows]
