"""Each read shows personal data and is recorded, or is listed here as not personal."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from shared.access import Permission
from shared.http import Router, may
from shared.http.openapi import routes_of
from shared.http.route import Route
from shared.remedies import CHANGES_NOTHING
from tests.factories.applications import SERVICES, application

NOT_PERSONAL = {
    "breaker-limit": "a limit",
    "certificate/{certificate_no}": "the public check of a certificate, which needs no account",
    "labels": "names of coded values",
    "clock": "the time",
    "cohort": "counts",
    "consent-text": "a text",
    "coverage": "counts",
    "coverage-count": "counts",
    "credit-rule": "a rule",
    "dampingan-limit": "a rule",
    "deadline-rule": "a rule",
    "hand-over/preview": "numbers of families",
    "jobs": "counts",
    "jobs/{job_id}": "counts",
    "me": "the caller's own token",
    "office": "the offices of partners",
    "outcome-rule": "a rule",
    "p2k2": "the times of group sessions",
    "p2k2-materi": "a catalogue",
    "parked": "places of events, without their content",
    "parked/retry": "an order to the worker, recorded as a change",
    "partner": "organisations",
    "partner/{partner_id}": "an organisation",
    "partner/{partner_id}/breaker": "a limit",
    "partner/{partner_id}/correction": "an organisation",
    "pilar-kind": "a catalogue",
    "policy": "a rule",
    "policy-version/{policy_id}": "a rule",
    "policy/{exit_reason}": "a rule",
    "program": "a catalogue",
    "program/{program_id}": "a catalogue",
    "program/{program_id}/intake": "dates",
    "program/{program_id}/quota": "counts",
    "role-conflict": "a rule",
    "sk": "numbers and dates of decrees",
    "sla-term": "a rule",
    "tahap-calendar": "dates",
    "target": "counts",
    "version-void": "versions of rules",
    "wilayah": "a public catalogue",
    "webhook": "an organisation",
}


def find_unrecorded(routes: Iterable[Route]) -> set[str]:
    """Return the addresses whose reads write no entry."""
    return {
        route.path.removeprefix("/v1/")
        for route in routes
        if ("GET" in (route.methods or ()) or route.declared.undo is CHANGES_NOTHING)
        and not route.disclosure.personal
    }


def test_each_read_is_recorded_or_listed() -> None:
    addresses = set[str]()
    for service in SERVICES:
        addresses |= find_unrecorded(routes_of(application(service)))
    assert addresses == NOT_PERSONAL.keys()


class FamilyView(BaseModel):
    kpm_id: UUID


class Page(BaseModel):
    items: list[FamilyView] | None


class Rule(BaseModel):
    days: int


@pytest.mark.parametrize(
    ("path", "model", "expected"),
    [("/a", Page, set[str]()), ("/b/{kpm_id}", Rule, set[str]()), ("/c", Rule, {"c"})],
)
def test_a_read_is_personal_by_the_ids_in_its_answer_or_address(
    path: str, model: type[BaseModel], expected: set[str]
) -> None:
    router, app = Router(tag="example"), FastAPI()

    @router.get(path, response_model=model)
    @may(Permission.KPM_READ)
    async def read_example() -> None: ...

    app.router.routes.extend(router.routes)
    assert find_unrecorded(routes_of(app)) == expected
