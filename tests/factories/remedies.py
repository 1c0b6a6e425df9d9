"""Follow the remedies of refusals, as declared and as answered."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from shared.remedies import RemedyKind
from tests.factories.repository import ROOT

SERVICES = ("registry", "caseload", "graduation", "referral")
Place = tuple[str, str]
"""The name of a service and the id of one of its operations."""
# How a sentence names those who have a role, in English and Indonesian.
NAMES_OF_ROLES = {
    "PENDAMPING": ("pendamping", "pendamping"),
    "OPERATOR_DESA": ("operator of the desa", "operator desa"),
    "KEPALA_DESA": ("head of the desa", "kepala desa"),
    "PENDAMPING_DESA": ("pendamping desa", "pendamping desa"),
    "KETUA_TIM_KECAMATAN": ("ketua tim", "ketua tim"),
    "KETUA_TIM_KABKOTA": ("ketua tim", "ketua tim"),
    "KETUA_TIM_PROVINSI": ("ketua tim", "ketua tim"),
    "DINSOS_PROVINSI": ("dinsos", "dinsos"),
    "AUDITOR": ("auditor", "auditor"),
    "PAYER": ("payer", "penyalur"),
    "DINSOS_KABKOTA": ("dinsos", "dinsos"),
    "KEMENSOS": ("kemensos", "kemensos"),
    "PARTNER": ("partner", "mitra"),
    "OPERATOR": ("operator", "operator"),
}
# Their sentences name the state, and the member `remedy` who acts next.
EXPLAINED_BY_STATE = frozenset({"IllegalTransition", "CaseNotMonitored", "CaseNotPostponed"})
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Published:
    """An operation as the OpenAPI document of its service publishes it."""

    place: Place
    method: str
    path: re.Pattern[str]
    roles: frozenset[str]
    address: str
    """As sentences write it: `POST /v1/kpm/{id}/move`."""


@cache
def published_operations() -> dict[Place, Published]:
    """Return the operations of all services. Anybody may call one that names no roles."""
    operations: dict[Place, Published] = {}
    for service in SERVICES:
        document = json.loads((ROOT / f"services/{service}/migrations/openapi.json").read_text("utf-8"))
        for path, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
            for method, operation in methods.items():
                place = (service, operation["operationId"])
                roles = frozenset(operation.get("x-roles", NAMES_OF_ROLES))
                address = f"{method.upper()} {re.sub('{[^}]+}', '{id}', path)}"
                operations[place] = Published(place, method.upper(), pattern, roles, address)
    return operations


def find_operation(service: str, request: httpx.Request) -> Published | None:
    """Return the operation that a request calls."""
    matching = [
        one
        for one in published_operations().values()
        if one.place[0] == service and one.method == request.method and one.path.fullmatch(request.url.path)
    ]
    return min(matching, key=lambda one: one.path.pattern.count("[^/]+"), default=None)


def names_any(sentence: str, roles: AbstractSet[str], targets: Iterable[Place], language: str) -> bool:
    """Return whether a sentence names one of the roles, or the address of an operation."""
    column = 1 if language == "id" else 0
    addresses = [published_operations()[target].address for target in targets]
    return any(NAMES_OF_ROLES[role][column] in sentence.lower() for role in roles) or any(
        address in sentence for address in addresses
    )


def find_circles(
    refusals: Mapping[Place, AbstractSet[str]], remedies: Mapping[tuple[str, str], AbstractSet[Place]]
) -> set[tuple[str, str]]:
    """Return each pair of refusals whose remedies lead back to each other.

    `refusals` are the titles of each operation, `remedies` the operations by service and title. A refusal whose remedy
    is the refused operation itself is a pair with an empty title.
    """
    circles: set[tuple[str, str]] = set()
    for place, titles in refusals.items():
        for title in titles:
            for target in remedies.get((place[0], title), ()):
                if target == place:
                    circles.add((title, ""))
                    continue
                back = (
                    other
                    for other in refusals.get(target, ())
                    if place in remedies.get((target[0], other), ())
                )
                circles |= {(min(title, other), max(title, other)) for other in back}
    return circles


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that a test has received."""

    place: Place
    title: str
    remedy: Mapping[str, Any]
    subjects: frozenset[str]

    @property
    def targets(self) -> set[Place]:
        """The operations that are to come first."""
        if self.remedy["kind"] != RemedyKind.OPERATION:
            return set()
        return {(one["service"], one["operation_id"]) for one in self.remedy["operations"]}


@dataclass(slots=True)
class RemedyTrail:
    """The refusals of a test since the last change, by which circles are found.

    The clients of all services of a test share one.
    """

    refusals: list[Refusal] = field(default_factory=list[Refusal])

    def clear(self) -> None:
        """Forget the refusals, because the state has changed."""
        self.refusals.clear()

    def add(self, refusal: Refusal) -> str | None:
        """Add a refusal, and return the fault that it completes."""
        if route := self.find_way_back(refusal, [refusal]):
            return (
                f"circle: {' -> '.join(f'{one.place[1]} {one.title}' for one in route)} -> {refusal.place[1]}"
            )
        for earlier in self.refusals:
            only = earlier.targets == {refusal.place} and earlier.subjects & refusal.subjects
            if only and refusal.remedy["kind"] == RemedyKind.NONE:
                return f"dead end: {earlier.place[1]} {earlier.title} -> {refusal.place[1]} {refusal.title}"
        self.refusals.append(refusal)
        return None

    def find_way_back(self, last: Refusal, route: list[Refusal]) -> list[Refusal]:
        """Return the refusals from the last one back to the first of the route."""
        for earlier in self.refusals:
            if earlier.place not in last.targets or not earlier.subjects & last.subjects:
                continue
            if earlier.place in {one.place for one in route}:
                continue
            longer = [*route, earlier]
            if route[0].place in earlier.targets:
                return longer
            if circle := self.find_way_back(earlier, longer):
                return circle
        return []


TRAIL = RemedyTrail()


async def check_remedy(service: str, response: httpx.Response) -> None:
    """Assert that the remedy of a refusal is open and leads in no circle.

    The client of each service calls this for each answer.
    """
    request = response.request
    if response.headers.get("content-type") != "application/problem+json":
        if request.method not in {"GET", "HEAD"}:
            TRAIL.clear()
        return
    if request.method == "HEAD":
        return
    await response.aread()
    problem = response.json()
    operation = find_operation(service, request)
    roles = roles_of_token(request.headers.get("authorization", ""))
    language = response.headers.get("content-language", "en")
    fault = find_fault_of_answer(problem, roles & operation.roles if operation else roles, language)
    if operation is not None and fault is None:
        subjects = frozenset(UUID.findall(f"{request.url.path} {content_of(request)}"))
        fault = TRAIL.add(Refusal(operation.place, problem["title"], problem["remedy"], subjects))
    assert fault is None, f"{problem['title']}: {fault}"


def find_fault_of_answer(problem: Mapping[str, Any], roles: AbstractSet[str], language: str) -> str | None:
    """Return what is wrong with the remedy of an answer to somebody with these roles."""
    remedy = problem["remedy"]
    if remedy["kind"] == RemedyKind.BY_STATE:
        return "the answer names no remedy"
    able, targets = set(remedy["roles"]), list[Place]()
    for one in remedy["operations"]:
        published = published_operations().get((one["service"], one["operation_id"]))
        if published is None or set(one["roles"]) - published.roles:
            return f"{one['service']}.{one['operation_id']} is closed to {one['roles']}"
        able |= set(one["roles"])
        targets.append(published.place)
    if problem["title"] in EXPLAINED_BY_STATE or not able or not roles or able & roles:
        return None
    if not names_any(problem["detail"], able, targets, language):
        return f"the remedy is closed to {sorted(roles)}, and the sentence does not say who has it"
    return None


def content_of(request: httpx.Request) -> str:
    """Return the body of a request, or nothing if it was sent as a stream."""
    try:
        return request.content.decode(errors="replace")
    except httpx.RequestNotRead:
        return ""


def roles_of_token(authorization: str) -> frozenset[str]:
    """Return the roles of a bearer token, none if it is not readable."""
    parts = authorization.split(".")
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return frozenset(claims["roles"]) & NAMES_OF_ROLES.keys()
    except (IndexError, ValueError, KeyError, TypeError):
        return frozenset()
