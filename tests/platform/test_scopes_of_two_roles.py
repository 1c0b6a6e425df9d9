"""A second role opens no more than its own permissions, for every pair of roles."""

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.access import PERMISSIONS, Role
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
            kept = ("content-type", "if-match", "tus-resumable", "upload-length", "upload-offset")
            headers = {name: request.headers[name] for name in kept if name in request.headers}
            content = request.content.decode("utf-8", "replace")
            return Sample(route, request.method, path, content, headers) if response.is_success else None
    return None


async def hidden_ids(service: Running) -> set[str]:
    people = () if service.name == "registry" else OF_PENDAMPING
    ids: set[str] = set()
    for row in await service.sql(UUID_COLUMNS):
        for column in row["columns"]:
            if column in PUBLIC or column.endswith(people):
                continue
            rows = await service.sql(f"SELECT DISTINCT {column}::text AS id FROM {row['name']}")
            ids |= {one["id"] for one in rows if one["id"]}
    return ids


def read_outcome(answer: httpx.Response) -> Any:
    return answer.status_code, answer.json().get("title") if answer.is_error and answer.content else None


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
