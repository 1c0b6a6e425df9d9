"""Each refusal declares a remedy that its roles may use."""

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import pytest

from services.graduation.case.errors import NEXT_ACTS
from services.graduation.case.models import TRANSITIONS
from services.referral.rujukan.errors import NEXT_ACTS as NEXT_ACTS_OF_OFFER
from services.referral.rujukan.models import TRANSITIONS as TRANSITIONS_OF_OFFER
from shared.access.permissions import PERMISSIONS
from shared.errors import DomainError
from shared.http.openapi import routes_of
from shared.http.route import Route
from shared.remedies import CORRECT_REQUEST, Operation, Remedy, RemedyKind, nothing, operation
from shared.roles import DINSOS, FIELD, MINISTRY, STAFF, Role
from tests.factories.applications import SERVICES, application
from tests.factories.refusal_classes import list_refusals

KINDS_OF_UNDO = {RemedyKind.OPERATION, RemedyKind.CORRECT_REQUEST, RemedyKind.NONE}


@cache
def roles_by_operation() -> dict[tuple[str, str], frozenset[Role]]:
    """Return the roles of each operation. Anybody may call one without a permission."""
    return {
        (service, route.unique_id): PERMISSIONS.get(route.declared.permission, frozenset(Role))
        for service in SERVICES
        for route in routes_of(application(service))
    }


def services_of(refusal: type[DomainError]) -> tuple[str, ...]:
    """Return the services that can answer with a refusal."""
    package, service = refusal.__module__.split(".")[:2]
    return (service,) if package == "services" else SERVICES


def find_faults(refusal: type[DomainError]) -> list[str]:
    """Return what is wrong with the declared remedy of a refusal."""
    if "remedy" not in vars(refusal):
        return [f"{refusal.__name__} declares no remedy"]
    remedy = refusal.remedy
    faults = [
        f"{refusal.__name__}: {fault}"
        for named in remedy.operations
        for service in ((named.service,) if named.service else services_of(refusal))
        for fault in find_faults_of_operation(service, named)
    ]
    return faults + [f"{refusal.__name__}: {fault}" for fault in find_faults_of_kind(remedy)]


def find_faults_of_operation(service: str, named: Operation) -> list[str]:
    roles = roles_by_operation().get((service, named.operation_id))
    if roles is None:
        return [f"{service} has no operation {named.operation_id}"]
    closed = sorted(named.roles - roles)
    return [f"{service}.{named.operation_id} is closed to {role}" for role in closed] or (
        [] if named.roles else [f"{service}.{named.operation_id} names no role"]
    )


def find_faults_of_kind(remedy: Remedy) -> list[str]:
    kind = remedy.kind
    faults = {
        "an operation is missing": kind is RemedyKind.OPERATION and not remedy.operations,
        "an operation is too many": bool(remedy.operations)
        and kind not in {RemedyKind.OPERATION, RemedyKind.CORRECT_REQUEST},
        "roles are too many": bool(remedy.roles) and kind is not RemedyKind.OTHER_PERSON,
        "a reason in both languages is missing": (kind is RemedyKind.NONE)
        != bool(remedy.en and remedy.id and remedy.en != remedy.id),
    }
    return [fault for fault, present in faults.items() if present]


def test_each_refusal_declares_a_remedy_that_its_roles_may_do() -> None:
    assert [fault for refusal in list_refusals() for fault in find_faults(refusal)] == []


def remedies_in(value: Any) -> Iterator[Remedy]:
    """Yield the remedies in a constant of a module."""
    if isinstance(value, Remedy):
        yield value
    elif isinstance(value, Mapping):
        yield from remedies_in(tuple(value.values()))
    elif isinstance(value, tuple):
        for item in value:
            yield from remedies_in(item)


def test_each_remedy_by_state_may_be_done_by_its_roles() -> None:
    services = {kind.__module__: services_of(kind) for kind in list_refusals()}
    remedies = [
        (service, remedy)
        for module, names in services.items()
        for value in vars(sys.modules[module]).values()
        for remedy in remedies_in(value)
        for service in names
    ]
    assert len({remedy for _, remedy in remedies if remedy.kind is RemedyKind.OPERATION}) > 10
    faults = [
        fault
        for service, remedy in remedies
        for target in remedy.operations
        for fault in find_faults_of_operation(target.service or service, target)
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("acts", "transitions"), [(NEXT_ACTS, TRANSITIONS), (NEXT_ACTS_OF_OFFER, TRANSITIONS_OF_OFFER)]
)
def test_each_state_has_a_next_act(acts: Mapping[str, Remedy], transitions: Mapping[StrEnum, object]) -> None:
    assert acts.keys() == transitions.keys()


@pytest.mark.parametrize(
    ("remedy", "fault"),
    [
        (operation("caseload.open_graduasi", FIELD), "caseload has no operation open_graduasi"),
        (
            operation("graduation.open_graduasi", STAFF),
            "graduation.open_graduasi is closed to DINSOS_KABKOTA",
        ),
        (operation("caseload.assign_kpm", frozenset()), "caseload.assign_kpm names no role"),
        (operation("assign_kpm", DINSOS), "registry has no operation assign_kpm"),
        (Remedy(RemedyKind.OPERATION), "an operation is missing"),
        (Remedy(RemedyKind.WAIT, roles=MINISTRY), "roles are too many"),
        (nothing("It has ended.", "It has ended."), "a reason in both languages is missing"),
        (nothing("", ""), "a reason in both languages is missing"),
    ],
)
def test_a_remedy_that_leads_nowhere_is_detected(remedy: Remedy, fault: str) -> None:
    planted = type("Planted", (DomainError,), {"remedy": remedy})
    assert f"Planted: {fault}" in find_faults(planted)


def test_a_remedy_is_not_inherited() -> None:
    parent = type("Parent", (DomainError,), {"remedy": CORRECT_REQUEST})
    planted = type("Planted", (parent,), {})
    assert find_faults(parent) == []
    assert find_faults(planted) == ["Planted declares no remedy"]


def find_faults_of_undo(service: str, route: Route) -> list[str]:
    """Return what is wrong with the declared way back of an operation that changes something."""
    undo = route.declared.undo
    if undo is None:
        return ["declares no undo"]
    faults = [] if undo.kind in KINDS_OF_UNDO else [f"{undo.kind} is no way back"]
    faults += find_faults_of_kind(undo)
    return faults + [
        fault
        for named in undo.operations
        for fault in find_faults_of_operation(named.service or service, named)
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_each_change_declares_its_way_back(service: str) -> None:
    changes = [
        route for route in routes_of(application(service)) if not route.methods <= {"GET", "HEAD", "OPTIONS"}
    ]
    faults = [f"{one.unique_id}: {fault}" for one in changes for fault in find_faults_of_undo(service, one)]
    assert faults == []
