"""Each setting that an operation changes shows its author and instant, also in a list."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel

from shared.access import Permission
from shared.http import Router, may
from shared.http.openapi import routes_of
from shared.http.route import Route
from shared.remedies import CHANGES_NOTHING, CORRECT_REQUEST
from tests.factories.applications import SERVICES, application

# Operations that change something of no family and no pendamping, and still no setting.
NO_SETTING = {
    "append_to_upload": "a file has its uploader",
    "cancel_job": "a job has its requester",
    "count_coverage": "a count that is stored beside the earlier ones",
    "create_upload": "a file has its uploader",
    "delete_upload": "a file has its uploader",
    "determine_many_graduasi": "a job has its requester",
    "end_webhook_secret": "a secret of the partner's own; the audit trail names who ended it",
    "put_file": "a file has its uploader",
    "record_session": "a group session has its placement",
    "replay_notices": "a job has its requester",
    "request_family_intake": "a job has its requester",
    "rotate_webhook_secret": "a secret of the partner's own; the audit trail names who made it",
    "set_clock": "the clock of development",
    "skip_parked": "an event of a machine",
    "void_session": "a group session has its placement",
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models of an answer, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    else:
        for part in get_args(annotation):
            yield from models_in(part)


def has_author(model: type[BaseModel]) -> bool:
    """Return whether a view has account and instant of one act (set_by, set_at)."""
    fields = model.model_fields
    acts = {name.removesuffix("_by") for name in fields if name.endswith("_by")}
    instants = {
        name for name, field in fields.items() if datetime in {field.annotation, *get_args(field.annotation)}
    }
    return any(f"{act}_at" in instants for act in acts)


def find_anonymous(routes: Iterable[Route]) -> set[str]:
    """Return the changes of settings whose answer or list shows no author."""
    routes = list(routes)
    shown = {
        model
        for route in routes
        if "GET" in (route.methods or ())
        for model in models_in(route.response_model)
        if has_author(model)
    }
    anonymous = set[str]()
    for route in routes:
        changes = not {"GET", "HEAD", "OPTIONS"} & set(route.methods or ())
        if not changes or route.disclosure.personal or route.declared.undo is CHANGES_NOTHING:
            continue
        answers = [model for model in models_in(route.response_model) if has_author(model)]
        if not any(issubclass(one, other) or issubclass(other, one) for one in answers for other in shown):
            anonymous.add(route.unique_id)
    return anonymous


def test_each_setting_shows_its_author() -> None:
    anonymous = set[str]()
    for service in SERVICES:
        anonymous |= find_anonymous(routes_of(application(service)))
    assert anonymous == NO_SETTING.keys()


class Rule(BaseModel):
    held_by: str
    set_at: datetime


class AuthoredRule(Rule):
    set_by: str


def find_planted(answer: type[BaseModel], listed: type[BaseModel]) -> set[str]:
    router = Router(tag="planted")

    @router.post("/planted")
    @may(Permission.SLA_SET, undo=CORRECT_REQUEST)
    async def set_planted() -> answer: ...  # pyright: ignore[reportInvalidTypeForm]

    @router.get("/planted")
    @may(Permission.SLA_READ)
    async def list_planted() -> list[listed]: ...  # pyright: ignore[reportInvalidTypeForm]

    return find_anonymous(route for route in router.routes if isinstance(route, Route))


def test_a_setting_without_an_author_or_without_a_list_is_noticed() -> None:
    assert find_planted(AuthoredRule, AuthoredRule) == set()
    assert find_planted(Rule, AuthoredRule) == {"set_planted"}
    assert find_planted(AuthoredRule, Rule) == {"set_planted"}
