"""Kinds of jobs and scheduled tasks follow the naming rule of docs/development.md."""

import importlib
import re

import pytest

from shared.http.jobs import JOB_KINDS
from shared.jobs import Work
from shared.messaging import republish
from tests.factories.applications import SERVICES

KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def misnamed(work: Work) -> list[str]:
    """Return the kinds that are not a noun, a dot and a verb."""
    kinds = work.steps.keys() | work.scheduled_tasks.keys() | work.calls.keys()
    return sorted(kind for kind in kinds if not KIND.fullmatch(kind))


@pytest.mark.parametrize("service", SERVICES)
def test_kinds_are_a_noun_a_dot_and_a_verb(service: str) -> None:
    work: Work = importlib.import_module(f"services.{service}.worker").PARTS.work
    assert misnamed(work) == []


def test_every_kind_of_a_job_is_published() -> None:
    works: list[Work] = [importlib.import_module(f"services.{one}.worker").PARTS.work for one in SERVICES]
    # A started worker has the kind of the transport too.
    assert {*JOB_KINDS} == {kind for work in works for kind in work.steps} | {republish.KIND}


def test_a_kind_without_a_verb_is_detected() -> None:
    async def run(*_: object) -> None: ...

    assert misnamed(Work(scheduled_tasks={"facts_of_the_day": run, "dampingan.end": run})) == [
        "facts_of_the_day"
    ]
