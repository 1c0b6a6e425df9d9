"""Samples of the operations of a walked service, and strangers who repeat them."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import event

from shared.access import Role
from shared.http import Route
from shared.http.openapi import routes_of
from tests.factories.services import Running

SAMPLES_PER_OPERATION = 2
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TAKEN_KEY = re.compile(r"take_key\(.*\)")
# Columns whose ids are no secret of a family: catalogues, and outside registry the pendamping.
# A thing of a history is also a kind of pendamping, and its own table has its id.
PUBLIC = {
    "partner_id",
    "program_id",
    "quota_id",
    "sla_term_id",
    "policy_id",
    "sk_id",
    "file_id",
    "job_id",
    "thing_id",
}
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

    def with_id(self, id_: str, other: str) -> "Sample":
        """The same request naming another thing."""
        path, content = self.path.replace(id_, other), self.content.replace(id_, other)
        return Sample(self.route, self.method, path, content, self.headers)

    def replace_path_ids(self) -> "Sample":
        """The same request with an address that does not exist."""
        path = UUID.sub(lambda _: str(uuid4()), self.path)
        return Sample(self.route, self.method, path, self.content, self.headers)

    def replace_ids(self, ids: set[str]) -> "Sample":
        """The same request naming things that do not exist."""
        sample = self
        for one in self.ids & ids:
            sample = sample.with_id(one, str(uuid4()))
        return sample


@dataclass(frozen=True, slots=True)
class Successor:
    """A pendamping who accompanies the walked families, and can hand all over.

    In graduation they opened and proposed every case.
    """

    token: str
    hand_over: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Walked:
    """A service after its walk, with samples of its operations and its families' ids."""

    service: Running
    samples: list[Sample]
    hidden: set[str]
    successor: Successor | None

    def token(
        self, roles: tuple[Role, ...], area: str, sub: str = "stranger", ditjen: str | None = None
    ) -> str:
        issuer = self.service.cluster.issuer
        stranger = {"pendamping_id": uuid4(), "partner_id": uuid4(), "ditjen": ditjen}
        return issuer.token(roles, sub, [area], **stranger)

    async def send(self, sample: Sample, token: str, purpose: str = "VERIFIKASI") -> httpx.Response:
        headers = {**sample.headers, "Authorization": f"Bearer {token}", "X-Purpose": purpose}
        if sample.method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        return await self.service.client.request(
            sample.method, sample.path, content=sample.content.encode("utf-8"), headers=headers
        )


def read_outcome(answer: httpx.Response) -> Any:
    return answer.status_code, answer.json().get("title") if answer.is_error and answer.content else None


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
            self.store(TAKEN_KEY.sub("take_key()", record.query))

    def store(self, statement: str) -> None:
        self.last.append(statement)
        self.every.add(statement)

    async def end_reads(self) -> None:
        """Wait for the end of a read's transaction, and for the driver's log of it."""
        await asyncio.gather(*self.service.database._ending)
        await asyncio.sleep(0.001)
