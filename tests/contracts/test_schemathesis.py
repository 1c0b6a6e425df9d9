"""Each service against its published contract, with a walk and generated requests."""

import asyncio
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any
from unittest import SkipTest

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import HypothesisException
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup

from shared.access import Permission, Role
from shared.access.permissions import PERMISSIONS
from tests.factories.cluster import Cluster
from tests.factories.proof import IN_FULL, Proof
from tests.factories.refusal_texts import check_refusal
from tests.factories.services import Running, run_service
from tests.factories.walks import WALKS
from tests.factories.walks.platform import Tokens, walk_shared_operations

schemathesis.serializer.alias(["application/offset+octet-stream"], "application/octet-stream")
REQUESTS, FEWEST_EACH = (2_000, 12) if IN_FULL else (500, 2)
SEED = 2026
SPARE = 60
# The clock goes last: what it is set to lies far beyond every date of the walk.
LAST = "/v1/clock"
ALIASES = {
    "evidence_sha256": "sha256",
    "offers_sha256": "sha256",
    "supervisor_id": "pendamping_id",
    "graduasi_ids": "graduasi_id",
    "kpm_ids": "kpm_id",
    "pendamping_ids": "pendamping_id",
    "code": "program_code",
}
KEPT = re.compile(r"(_id|^sha256|^certificate_no|^program_code|^kode_wilayah|^subscription|^topic|^key)$")
OTHER_INSTANT = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d[^"Z]*"')
load_all_checks()
CHECK_NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
)
"""What only the request that was generated can show; `Seen` judges the rest of every answer."""


@dataclass
class Seen:
    """The answers of a service, counted by operation and checked, and the ids in them."""

    schema: Any
    chance: Random = field(default_factory=lambda: Random(SEED))
    operations: dict[tuple[str, str], APIOperation] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    pool: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    versions: dict[str, int] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for result in self.schema.get_all_operations():
            operation = result.ok()
            self.operations[operation.method.upper(), operation.path] = operation

    @property
    def total(self) -> int:
        """How many requests were answered."""
        return sum(count.total() for count in self.statuses.values())

    async def check_answer(self, response: httpx.Response) -> None:
        """Count and check one answer. The client calls this for each."""
        await response.aread()
        operation = self.find_operation(response.request)
        if operation is None:
            return
        self.statuses[operation.label][response.status_code] += 1
        self.record_faults(operation, response)
        if response.is_success and response.content:
            self.store_ids(response.json() if "json" in response.headers.get("content-type", "") else [])

    def record_faults(self, operation: APIOperation, response: httpx.Response) -> None:
        where = f"{operation.label} answered {response.status_code}"
        media = response.headers.get("content-type", "").partition(";")[0]
        if OTHER_INSTANT.search(response.text):
            self.faults[f"{where} with an instant that is not UTC with Z"] += 1
        if response.status_code >= 500 and response.status_code != 503:
            self.faults[where] += 1
        if str(response.status_code) not in operation.definition.raw["responses"]:
            self.faults[f"{where}, which is not in its contract: {response.text[:200]}"] += 1
        if response.status_code >= 400 and media != "application/problem+json":
            self.faults[f"{where} as {media}"] += 1
        if (
            response.status_code >= 400
            and response.content
            and response.json()["status"] != response.status_code
        ):
            self.faults[f"{where} and says another status"] += 1
        try:
            operation.validate_response(response)
        except (Failure, FailureGroup) as error:
            self.faults[f"{where}: {describe_error(error)}"] += 1

    def find_operation(self, request: httpx.Request) -> APIOperation | None:
        """The longest fixed part wins, as routing does: look-up is no id."""
        path = request.url.raw_path.partition(b"?")[0].decode()
        fitting = [
            operation
            for (method, template), operation in self.operations.items()
            if method == request.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        ]
        return min(fitting, key=lambda operation: operation.path.count("{"), default=None)

    def store_ids(self, answer: Any) -> None:
        for part in answer if isinstance(answer, list) else [answer]:
            if not isinstance(part, dict):
                continue
            for name, value in part.items():
                if isinstance(value, str) and KEPT.search(name) and value not in self.pool[name][:200]:
                    self.pool[name].append(value)
                    self.versions[value] = part.get("version", 1)
                elif isinstance(value, dict | list):
                    self.store_ids(value)

    def choose_id(self, name: str) -> Any:
        """Return an existing id half of the time, else None."""
        known = self.pool.get(ALIASES.get(name, name))
        if not known or self.chance.random() < 0.5:
            return None
        value = self.chance.choice(known)
        return [value] if name.endswith("_ids") else value

    def insert_ids(self, case: Case) -> Case:
        """Replace half of the ids by existing ones, and If-Match by their version."""
        body = case.body if isinstance(case.body, dict) else {}
        for part in (case.path_parameters, case.query, body):
            for name in part or ():
                value = self.choose_id(name)
                if value is not None:
                    part[name] = value
        if (
            case.headers
            and "If-Match" in case.headers
            and case.path_parameters
            and self.chance.random() < 0.5
        ):
            version = self.versions.get(str(next(iter(case.path_parameters.values()))), 1)
            case.headers["If-Match"] = f'"{version}"'
        return case


def describe_error(error: BaseException) -> str:
    inner = error.exceptions[0] if isinstance(error, FailureGroup) else error
    return f"{getattr(inner, 'title', type(inner).__name__)}: {' '.join(str(inner).split())[:300]}"


@dataclass
class Fuzzing:
    """Sends what is generated, from a thread, through the client that counts."""

    service: Running
    seen: Seen
    tokens: Tokens
    loop: asyncio.AbstractEventLoop

    def run(self) -> None:
        operations = sorted(self.seen.operations.values(), key=lambda o: (o.path == LAST, o.label))
        for number, operation in enumerate(operations):
            # What the walk and the operations before have left to do, shared out among those that are to come.
            each = max(
                FEWEST_EACH, math.ceil((REQUESTS + SPARE - self.seen.total) / (len(operations) - number))
            )
            for case in self.build_coverage_cases(operation, each // 2):
                self.send(case)
            self.fuzz(operation, GenerationMode.POSITIVE, math.ceil(each * 0.3))
            self.fuzz(operation, GenerationMode.NEGATIVE, math.ceil(each * 0.2))

    def build_coverage_cases(self, operation: APIOperation, most: int) -> Iterator[Case]:
        modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
        config = self.seen.schema.config.generation
        cases = self.seen.schema.iter_coverage_cases(
            operation, generation_modes=modes, generation_config=config
        )
        yield from islice(cases, most)

    def fuzz(self, operation: APIOperation, mode: GenerationMode, examples: int) -> None:
        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Case) -> None:
            self.send(case)

        with suppress(SkipTest, HypothesisException):  # an operation without input has nothing to be wrong
            one()

    def send(self, case: Case) -> None:
        case = self.seen.insert_ids(case)
        kwargs = case.as_transport_kwargs(base_url=str(self.service.client.base_url))
        prepared = requests.Request(
            **{name: value for name, value in kwargs.items() if name in REQUEST_PARTS}
        ).prepare()
        headers = [(encode(name), encode(value)) for name, value in prepared.headers.items()]
        headers = [pair for pair in headers if pair[0].lower() != b"authorization"]
        headers.append((b"authorization", f"Bearer {self.choose_token(case.operation)}".encode()))
        sending = self.service.client.request(
            prepared.method or "GET", str(prepared.url), headers=headers, content=prepared.body
        )
        response = asyncio.run_coroutine_threadsafe(sending, self.loop).result(60)
        try:
            case.validate_response(response, checks=[CHECKS.get_one(name) for name in CHECK_NAMES])
        except (Failure, FailureGroup) as error:
            self.seen.faults[
                f"{case.operation.label} answered {response.status_code}: {describe_error(error)}"
            ] += 1

    def choose_token(self, operation: APIOperation) -> str:
        named = operation.definition.raw.get("x-permission")  # none: open to anybody
        allowed = PERMISSIONS[Permission(named)] if named else self.tokens
        roles = sorted(role for role in allowed if role in self.tokens)
        return self.tokens[Role(self.seen.chance.choice(roles))]


REQUEST_PARTS = {"method", "url", "headers", "params", "data", "json", "files", "cookies"}


def encode(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", WALKS)
async def test_a_service_keeps_its_contract(cluster: Cluster, name: str, prove: Proof) -> None:
    async with run_service(cluster, name) as service:
        seen = Seen(schemathesis.openapi.from_dict(service.app.openapi()))
        service.client.event_hooks = {"response": [check_refusal, seen.check_answer]}
        tokens = await WALKS[name](service, cluster)
        await walk_shared_operations(service, tokens)
        await asyncio.to_thread(Fuzzing(service, seen, tokens, asyncio.get_running_loop()).run)
    without = [
        f"{operation.label}: {dict(seen.statuses[operation.label])}"
        for operation in seen.operations.values()
        if not any(200 <= status < 300 for status in seen.statuses[operation.label])
    ]
    assert without == []
    prove("an answer outside of the published contract", seen.total, seen.faults.total())
    assert seen.faults == Counter()
    assert seen.total >= REQUESTS


async def test_a_violation_of_the_contract_is_detected(registry: Running) -> None:
    """A missing field, an unpublished status and an internal error are each reported."""
    seen = Seen(schemathesis.openapi.from_dict(registry.app.openapi()))
    path, problem = "http://registry.test/v1/pendamping", {"content-type": "application/problem+json"}
    for status, content, headers in (
        (200, b'{"items": [{"pendamping_id": 1}], "next": null}', {"content-type": "application/json"}),
        (200, b'{"at": "2026-05-18T03:00:00+00:00"}', {"content-type": "application/json"}),
        (404, b'{"status": 404}', {"content-type": "application/json"}),
        (418, b'{"status": 418}', problem),
        (500, b'{"status": 500}', problem),
    ):
        request = httpx.Request("GET", path)
        answer = httpx.Response(status, content=content, headers=headers, request=request)
        answer.elapsed = timedelta(milliseconds=1)
        await seen.check_answer(answer)
    noted = " ".join(seen.faults)
    for status in (200, 404, 418, 500):
        assert f"GET /v1/pendamping answered {status}" in noted
    assert "an instant that is not UTC with Z" in noted
