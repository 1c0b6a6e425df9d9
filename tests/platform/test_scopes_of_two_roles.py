"""A second role opens no more rows, and a foreign thing does not exist."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event

from shared.access import PERMISSIONS, Role
from shared.access.permissions import LEVEL_OF_ROLE
from shared.http import Route
from shared.http.openapi import routes_of
from tests.factories.cluster import Cluster
from tests.factories.services import Running, run_service
from tests.factories.walks import WALKS
from tests.factories.walks.platform import walk_shared_operations

pytestmark = pytest.mark.xdist_group("walked_service")
SERVICES = ("registry", "caseload", "graduation", "referral")
HERE, AWAY = "33.24", "33.25"
# Roles that see nothing of a family only because they are in the same area.
STRANGERS_HERE = {Role.PENDAMPING, Role.PARTNER}
SAMPLES_PER_OPERATION = 2
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
AREA_OF_LEVEL = ("*", "33", HERE, f"{HERE}.09", f"{HERE}.09.2011")
# Refused for the area that the sample names, and for a session of somebody else.
REFUSED_BY_AREA = {"/v1/coverage", "/v1/coverage-count", "/v1/hand-over", "/v1/hand-over/preview", "/v1/p2k2"}
ROLES = [roles for size in (1, 2) for roles in combinations(Role, size)]
# Columns whose ids are no secret of a family: catalogues, and outside registry the pendamping.
PUBLIC = {"partner_id", "program_id", "quota_id", "sla_term_id", "policy_id", "sk_id", "file_id", "job_id"}
OF_PENDAMPING = ("pendamping_id", "penugasan_id")
UUID_COLUMNS = """
SELECT format('%I.%I', p.schemaname, p.tablename) AS name, array_agg(DISTINCT c.column_name::text) AS columns
FROM pg_policies p JOIN information_schema.columns c ON c.table_schema = p.schemaname AND c.table_name = p.tablename
WHERE c.data_type = 'uuid' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A request of the walk that succeeded."""

    route: Route
    method: str
    path: str
    content: str
    headers: dict[str, str]

    @property
    def ids(self) -> set[str]:
        return {*UUID.findall(self.path), *UUID.findall(self.content)}

    def replace_path_ids(self) -> "Sample":
        """The same request with an address that does not exist."""
        path = UUID.sub(lambda _: str(uuid4()), self.path)
        return Sample(self.route, self.method, path, self.content, self.headers)

    def replace_ids(self, ids: set[str]) -> "Sample":
        """The same request naming things that do not exist."""
        path, content = self.path, self.content
        for one in self.ids & ids:
            other = str(uuid4())
            path, content = path.replace(one, other), content.replace(one, other)
        return Sample(self.route, self.method, path, content, self.headers)


@dataclass(slots=True)
class Walked:
    """A service after its walk, with samples of its operations and its families' ids."""

    service: Running
    samples: list[Sample]
    hidden: set[str]

    def token(self, roles: tuple[Role, ...], area: str) -> str:
        issuer = self.service.cluster.issuer
        stranger = {"pendamping_id": uuid4(), "partner_id": uuid4()}
        return issuer.token(roles, "stranger", [area], **stranger)

    async def send(self, sample: Sample, token: str) -> httpx.Response:
        headers = {**sample.headers, "Authorization": f"Bearer {token}"}
        if sample.method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        return await self.service.client.request(
            sample.method, sample.path, content=sample.content.encode("utf-8"), headers=headers
        )


@pytest.fixture(scope="module", params=SERVICES)
async def walked_service(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[Walked]:
    async with run_service(cluster, request.param) as service:
        samples: list[Sample] = []

        async def store_sample(response: httpx.Response) -> None:
            sample = build_sample(service, response)
            same = [
                one for one in samples if sample and (one.route, one.method) == (sample.route, sample.method)
            ]
            if sample and len(same) < SAMPLES_PER_OPERATION:
                samples.append(sample)

        service.client.event_hooks["response"] = [store_sample]
        await walk_shared_operations(service, await WALKS[request.param](service, cluster))
        service.client.event_hooks["response"] = []
        yield Walked(service, samples, await hidden_ids(service))


def build_sample(service: Running, response: httpx.Response) -> Sample | None:
    request = response.request
    path = request.url.raw_path.decode()
    for route in routes_of(service.app):
        if request.method in (route.methods or ()) and route.path_regex.match(path.partition("?")[0]):
            kept = ("content-type", "if-match")
            headers = {name: request.headers[name] for name in kept if name in request.headers}
            content = request.content.decode("utf-8", "replace")
            return Sample(route, request.method, path, content, headers) if response.is_success else None
    return None


async def hidden_ids(service: Running) -> set[str]:
    people = () if service.name == "registry" else OF_PENDAMPING
    ids: set[str] = set()
    for row in await service.sql(UUID_COLUMNS):
        for column in row["columns"]:
            # The history of ranges also has those of kinds, which are public.
            if column in {*PUBLIC, "thing_id"} or column.endswith(people):
                continue
            rows = await service.sql(f"SELECT DISTINCT {column}::text AS id FROM {row['name']}")
            ids |= {one["id"] for one in rows if one["id"]}
    return ids


def read_outcome(answer: httpx.Response) -> Any:
    return answer.status_code, answer.json().get("title") if answer.is_error else None


@dataclass(slots=True)
class Recorded:
    """The statements of the api role: of the last request, and all."""

    service: Running
    last: list[str] = field(default_factory=list[str])
    every: set[str] = field(default_factory=set[str])

    def start(self) -> None:
        """Record from now on, on each connection of the pool."""

        engine = self.service.database.engine.sync_engine

        @event.listens_for(engine, "checkout")
        def watch(connection: Any, *_: Any) -> None:
            connection.driver_connection.add_query_logger(self.store_of_driver)

        @event.listens_for(engine, "before_cursor_execute")
        def store(_: Any, __: Any, statement: str, *___: Any) -> None:
            self.store(statement)

    def store_of_driver(self, record: Any) -> None:
        # The driver reads the types of columns once per connection.
        if "pg_catalog" not in record.query and "'jit'" not in record.query:
            self.store(record.query)

    def store(self, statement: str) -> None:
        self.last.append(statement)
        self.every.add(statement)

    async def end_reads(self) -> None:
        """Wait for the end of a read's transaction, and for the driver's log of it."""
        await asyncio.gather(*self.service.database._ending)
        await asyncio.sleep(0.001)


async def find_differences(walked: Walked, sample: Sample, recorded: Recorded) -> list[str]:
    """Return by role how the answers about a foreign and an absent thing differ."""
    faults = []
    permission = sample.route.declared.permission
    for role in sorted(PERMISSIONS[permission]) if permission else ():
        token = walked.token((role,), HERE if role in STRANGERS_HERE else AWAY)
        paths = []
        for one in (sample, sample.replace_path_ids()):
            await recorded.end_reads()
            recorded.last.clear()
            answer = await walked.send(one, token)
            await recorded.end_reads()
            paths.append((read_outcome(answer), list(recorded.last)))
        # An operator reads the jobs of all.
        if paths[0] != paths[1] and paths[0][0][0] >= 400:
            faults.append(f"{role} {sample.method} {sample.route.path}: {describe_difference(*paths)}")
    return faults


def describe_difference(foreign: tuple[Any, list[str]], absent: tuple[Any, list[str]]) -> str:
    (outcome, statements), (other_outcome, others) = foreign, absent
    rest = [one for one in statements if one not in others], [one for one in others if one not in statements]
    return f"{outcome} only {rest[0]}, absent {other_outcome} only {rest[1]}"


async def find_faults(walked: Walked, roles: tuple[Role, ...]) -> list[str]:
    faults = []
    for sample in walked.samples:
        permission = sample.route.declared.permission
        if permission is None:
            continue
        granting = PERMISSIONS[permission].intersection(roles)
        token = walked.token(roles, AWAY if granting - STRANGERS_HERE else HERE)
        answer = await walked.send(sample, token)
        named = sample.ids & walked.hidden
        where = f"{sample.method} {sample.route.path} {read_outcome(answer)}"
        if not granting:
            faults += [where] if answer.status_code != 403 else []
            continue
        if shown := {*UUID.findall(answer.text)} & walked.hidden - sample.ids:
            faults.append(f"{where} shows {len(shown)} ids")
        if named and answer.is_success and answer.json().get("items") == []:
            continue  # a filter that fits nothing
        if named and answer.is_success:
            faults.append(f"{where} takes a stranger's id")
        elif named:
            unknown = read_outcome(await walked.send(sample.replace_ids(walked.hidden), token))
            faults += [f"{where}, unknown: {unknown}"] if unknown != read_outcome(answer) else []
    return faults


async def test_every_operation_is_sampled(walked_service: Walked) -> None:
    routes = routes_of(walked_service.service.app)
    operations = {(method, route.path) for route in routes for method in route.methods or ()}
    assert operations - {(sample.method, sample.route.path) for sample in walked_service.samples} == set()
    assert len(walked_service.hidden) >= 5


@pytest.mark.parametrize("roles", ROLES, ids="+".join)
async def test_a_second_role_opens_no_row_of_another_family(
    walked_service: Walked, roles: tuple[Role, ...]
) -> None:
    assert await find_faults(walked_service, roles) == []


async def test_every_role_of_an_operation_may_call_it(walked_service: Walked) -> None:
    refused = set()
    for sample in walked_service.samples:
        permission = sample.route.declared.permission
        for role in PERMISSIONS[permission] if permission else ():
            token = walked_service.token((role,), AREA_OF_LEVEL[LEVEL_OF_ROLE[role]])
            answer = await walked_service.send(sample.replace_ids(walked_service.hidden), token)
            if answer.status_code == 403 and answer.json()["title"] == "NotAllowed":
                refused.add((sample.route.path, role.value))
    assert {one for one in refused if one[0] not in REFUSED_BY_AREA} == set()


async def test_a_foreign_thing_takes_the_path_of_an_absent_one(walked_service: Walked) -> None:
    recorded = Recorded(walked_service.service)
    recorded.start()
    jobs = {
        row["id"] for row in await walked_service.service.sql("SELECT job_id::text AS id FROM platform.job")
    }
    compared, faults = set[str](), list[str]()
    for sample in walked_service.samples:
        if {*UUID.findall(sample.path)} & (walked_service.hidden | jobs):
            faults += await find_differences(walked_service, sample, recorded)
            compared.add(f"{sample.method} {sample.route.path}")
    assert faults == [], "\n".join(faults)
    assert len(compared) >= 20
    reads = {one for one in recorded.every if not one.startswith(("BEGIN", "ROLLBACK", "\nINSERT"))}
    assert len(reads) >= 10
