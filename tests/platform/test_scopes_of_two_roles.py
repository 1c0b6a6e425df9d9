"""A second role opens no more rows, and a foreign thing does not exist."""

import os
from collections.abc import AsyncIterator
from functools import partial
from itertools import combinations
from typing import Any

import httpx
import pytest

from shared.access import GRANTS, PERMISSIONS, Role
from shared.access.permissions import LEVEL_OF_ROLE
from shared.field_classes import FieldClass
from shared.http.openapi import routes_of
from tests.factories.cluster import Cluster
from tests.factories.proof import IN_FULL, Proof
from tests.factories.scope_cases import OPENS_ANY_FAMILY, READS, find_leaks, own_cases, try_cases
from tests.factories.services import run_service
from tests.factories.things import read_things
from tests.factories.walked_operations import (
    SAMPLES_PER_OPERATION,
    UUID,
    Recorded,
    Sample,
    Walked,
    build_sample,
    hidden_ids,
    read_outcome,
)
from tests.factories.walks import WALKS
from tests.factories.walks.platform import walk_shared_operations
from tests.factories.walks.states import add_states

pytestmark = [pytest.mark.xdist_group("walked_service"), pytest.mark.proof]
SERVICES = ("registry", "caseload", "graduation", "referral")
HERE, AWAY = "33.24", "33.25"
# Roles that see nothing of a family only because they are in the same area.
STRANGERS_HERE = {Role.PENDAMPING, Role.PARTNER}
AREA_OF_LEVEL = ("*", "33", HERE, f"{HERE}.09", f"{HERE}.09.2011")
# Refused for the area that the sample names, and for a session of somebody else.
REFUSED_BY_AREA = {"/v1/coverage", "/v1/coverage-count", "/v1/hand-over", "/v1/hand-over/preview", "/v1/p2k2"}
# `make prove` takes all pairs of roles, `make test` a few.
PAIRS = [*combinations(Role, 2)][:: 1 if IN_FULL else 20]
# `make prove` tries 8,000 cases.
GENERATED, SEED = 2_000 if IN_FULL else 150, int(os.environ.get("PILAR_SEED", "7"))
LEAST_STATES = {"registry": 3, "caseload": 10, "graduation": 15, "referral": 8}
ROLES = [*((role,) for role in Role), *PAIRS]


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
        successor = await add_states(service)
        yield Walked(service, samples, await hidden_ids(service), successor)


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


async def find_faults(
    walked: Walked, roles: tuple[Role, ...], area: str | None = None, ditjen: str | None = None
) -> list[str]:
    """Return what is wrong with the answers to a stranger with these roles."""
    faults = []
    for sample in walked.samples:
        permission = sample.route.declared.permission
        if permission is None or permission in OPENS_ANY_FAMILY:
            continue
        granting = PERMISSIONS[permission].intersection(roles)
        token = walked.token(roles, area or (AWAY if granting - STRANGERS_HERE else HERE), ditjen=ditjen)
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
    walked_service: Walked, roles: tuple[Role, ...], prove: Proof
) -> None:
    faults = await find_faults(walked_service, roles)
    prove("a stranger with one or two roles on each operation", len(walked_service.samples), len(faults))
    assert faults == []


async def test_no_role_of_an_area_reaches_a_thing_of_another(walked_service: Walked, prove: Proof) -> None:
    things = await read_things(walked_service.service)
    result = await try_cases(walked_service, things, GENERATED, SEED)
    prove("a role in an area on a thing in a state", result.cases, len(result.violations))
    assert result.violations == [], "\n".join(result.violations)
    assert result.shown > result.cases / 20
    assert len(result.states) >= LEAST_STATES[walked_service.service.name], result.states


async def test_rights_of_a_pendamping_end_with_the_hand_over(walked_service: Walked, prove: Proof) -> None:
    successor = walked_service.successor
    if successor is None:
        return  # registry knows no family of a pendamping
    things = await read_things(walked_service.service)
    cases = own_cases(walked_service.samples, things, 1_000 if IN_FULL else 2)
    send = partial(walked_service.send, token=successor.token)
    reads = [case for case in cases if case.sample.method in READS]
    shown = {case.sample.route.path for case in reads if case.id in (await send(case.sample)).text}
    assert len(shown) >= 5
    await successor.hand_over()
    reached: list[str] = []
    for case in cases:
        reached += [f"{case} {leak}" for leak in await find_leaks(send, case.sample, case.id, things)]
    prove("a former pendamping on each operation", len(cases), len(reached))
    assert reached == [], "\n".join(reached)


async def test_a_ditjen_opens_no_pendamping_of_another(walked_service: Walked) -> None:
    if walked_service.service.name == "registry":
        assert await find_faults(walked_service, (Role.KEMENSOS,), "*", "REHSOS") == []


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


def hidden_fields(value: Any, schema: dict[str, Any], schemas: dict[str, Any], most: FieldClass) -> set[str]:
    """Return the names of fields in a value whose published class is above `most`."""
    schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    hidden: set[str] = set()
    for option in schema.get("anyOf", ()):
        hidden |= hidden_fields(value, option, schemas, most)
    if isinstance(value, list):
        return hidden.union(*(hidden_fields(one, schema.get("items", {}), schemas, most) for one in value))
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in value and FieldClass[inner.get("x-field-class", "UMUM")] > most:
                hidden.add(name)
            hidden |= hidden_fields(value.get(name), inner, schemas, most)
    return hidden


async def test_no_answer_has_a_field_above_the_class_of_the_role(
    walked_service: Walked, prove: Proof
) -> None:
    document = walked_service.service.app.openapi()
    schemas, shown, answered = document["components"]["schemas"], set(), 0
    for sample in walked_service.samples:
        permission = sample.route.declared.permission
        for role, grant in GRANTS[permission].items() if permission else ():
            if grant.fields is FieldClass.SPESIFIK:
                continue
            token = walked_service.token((role,), AREA_OF_LEVEL[LEVEL_OF_ROLE[role]])
            answer = await walked_service.send(sample, token)
            if answer.is_error:
                continue
            published = document["paths"][sample.route.path_format][sample.method.lower()]["responses"]
            content = published[str(answer.status_code)].get("content", {}).get("application/json")
            if content:
                answered += 1
                hidden = hidden_fields(answer.json(), content["schema"], schemas, grant.fields)
                shown |= {(sample.route.path, role.value, name) for name in hidden}
    prove("fields above the class of the role", answered, len(shown))
    assert shown == set()
    assert answered >= 5


async def test_a_foreign_thing_takes_the_path_of_an_absent_one(walked_service: Walked) -> None:
    recorded = Recorded(walked_service.service)
    recorded.start()
    jobs = {
        row["id"] for row in await walked_service.service.sql("SELECT job_id::text AS id FROM platform.job")
    }
    compared, faults = set[str](), list[str]()
    for sample in walked_service.samples:
        if sample.route.declared.permission in OPENS_ANY_FAMILY:
            continue
        if {*UUID.findall(sample.path)} & (walked_service.hidden | jobs):
            faults += await find_differences(walked_service, sample, recorded)
            compared.add(f"{sample.method} {sample.route.path}")
    assert faults == [], "\n".join(faults)
    assert len(compared) >= 20
    reads = {one for one in recorded.every if not one.startswith(("BEGIN", "ROLLBACK", "\nINSERT"))}
    assert len(reads) >= 10
