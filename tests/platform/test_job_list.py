"""`GET /v1/jobs` lists the jobs that the caller may read, the newest first."""

from typing import Any
from uuid import UUID

from shared.access import Actor, Role
from shared.jobs import enqueue, run_step
from shared.jobs.kinds import Job, Step
from tests.factories.services import Running

MINE = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))
OTHER = Actor("kemensos-2", frozenset({Role.KEMENSOS}), ("*",))


async def start_jobs(service: Running, actor: Actor, *kinds: str) -> list[str]:
    async with service.session(actor) as session:
        made: list[UUID] = [await enqueue(session, kind, {}, actor, total=4) for kind in kinds]
    return [str(job_id) for job_id in made]


async def read_page(service: Running, query: str = "", sub: str = MINE.sub, role: str = "KEMENSOS") -> Any:
    path = query if query.startswith("/") else f"/v1/jobs{query}"
    answer = await service.get(path, as_=service.token(role, sub))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def list_ids(
    service: Running, query: str = "", sub: str = MINE.sub, role: str = "KEMENSOS"
) -> list[str]:
    return [job["job_id"] for job in (await read_page(service, query, sub, role))["items"]]


async def finish(_: Any, job: Job) -> Step:
    return Step(done=job.total or 0, finished=True)


async def test_only_the_requester_and_operators_list_a_job(registry: Running) -> None:
    mine = await start_jobs(registry, MINE, "rows.count", "rows.count")
    (other,) = await start_jobs(registry, OTHER, "rows.count")
    assert await list_ids(registry) == mine[::-1]
    assert await list_ids(registry, sub=OTHER.sub) == [other]
    assert await list_ids(registry, sub="operator-1", role="OPERATOR") == [other, *mine[::-1]]
    assert await list_ids(registry, sub="dinsos-1", role="DINSOS_KABKOTA") == []


async def test_list_is_filtered_by_state_and_kind_and_paged(registry: Running) -> None:
    registry.parts.work.steps["rows.count"] = finish
    first, second, third = await start_jobs(registry, MINE, "rows.count", "rows.sum", "rows.sum")
    await run_step(registry.worker, registry.parts.work)
    assert await list_ids(registry, "?state=DONE") == [first]
    assert await list_ids(registry, "?kind=rows.sum&state=QUEUED") == [third, second]
    page = await read_page(registry, "?limit=2")
    assert [job["job_id"] for job in page["items"]] == [third, second]
    assert await list_ids(registry, page["next"]) == [first]
    one = (await registry.get(f"/v1/jobs/{first}", as_=registry.token("KEMENSOS", MINE.sub))).json()
    assert (await read_page(registry, page["next"]))["items"] == [one]
    assert all(one[name].endswith("Z") for name in ("created_at", "started_at", "ended_at"))
    assert (one["state"], one["done"], one["total"]) == ("DONE", 4, 4)
    unknown = await registry.get("/v1/jobs?state=ASLEEP", as_=registry.token("KEMENSOS", MINE.sub))
    assert unknown.status_code == 422


async def test_every_service_lists_jobs(
    registry: Running, caseload: Running, graduation: Running, referral: Running
) -> None:
    for service in (registry, caseload, graduation, referral):
        assert await list_ids(service, sub="operator-1", role="OPERATOR") == []
