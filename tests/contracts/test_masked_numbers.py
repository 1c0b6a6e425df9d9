"""The other values of an answer do not reveal a masked NIK or No. KK."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.contracts.declarations import openapi_of
from deploy.services import SERVICES
from shared import wilayah
from tests.factories.cluster import Cluster
from tests.factories.services import run_service
from tests.factories.walks import WALKS

FEWEST_CANDIDATES = 1_000
PERSONAL_NUMBERS = ("nik", "no_kk")
MASKED = re.compile(r"(?=.{16}$)[0-9]*\*+[0-9]*")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Operation = tuple[str, str]
# The partner that the family's consent names gets the NIK itself.
OPEN_BY_CONSENT: set[Operation] = {("GET", "/v1/inbox")}


def find_fields(schema: Any, document: dict[str, Any], passed: tuple[str, ...] = ()) -> Iterator[Any]:
    """Yield each property as (name, schema), also below references, lists and choices."""
    if isinstance(schema, list):
        for part in schema:
            yield from find_fields(part, document, passed)
    elif isinstance(schema, dict):
        if (reference := schema.get("$ref")) and reference not in passed:
            named = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from find_fields(named, document, (*passed, reference))
        yield from schema.get("properties", {}).items()
        for part in schema.values():
            yield from find_fields(part, document, passed)


def find_personal_fields(document: dict[str, Any]) -> dict[Operation, list[Any]]:
    """Return the operations that answer with a NIK or a No. KK, with those fields."""
    by_operation: dict[Operation, list[Any]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            fields = [
                schema for name, schema in find_fields(answers, document) if name.endswith(PERSONAL_NUMBERS)
            ]
            if fields and (method.upper(), path) not in OPEN_BY_CONSENT:
                by_operation[method.upper(), path] = fields
    return by_operation


def find_texts(answer: Any) -> Iterator[str]:
    """Yield every text of an answer."""
    if isinstance(answer, str):
        yield answer
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from find_texts(part)


def count_candidates(masked: str, answer: Any) -> int:
    """Count the numbers that fit a mask and the areas and dates of the answer."""
    texts = list(find_texts(answer))
    kecamatan = {text.replace(".", "")[:6] for text in texts if wilayah.is_code(text) and len(text) >= 8}
    days = [date.fromisoformat(text[:10]) for text in texts if DATE.match(text)]
    births = {f"{day.day + more:02}{day:%m%y}" for day in days for more in (0, 40)}
    area = sum(fits_mask(masked[:6], code) for code in kecamatan)
    birth = sum(fits_mask(masked[6:12], birth) for birth in births)
    return max(area, 1) * max(birth, 1) * (10 ** masked[12:].count("*") - (masked[12:] == "****"))


def fits_mask(masked: str, digits: str) -> bool:
    """Return whether the visible digits of a mask are those of the number."""
    return all(shown in ("*", digit) for shown, digit in zip(masked, digits, strict=True))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SERVICES)
async def test_every_masked_number_has_a_thousand_candidates(cluster: Cluster, name: str) -> None:
    operations, seen, weak = find_personal_fields(openapi_of(name)), set[Operation](), list[str]()

    async def check_answer(response: httpx.Response) -> None:
        await response.aread()
        if not response.is_success or "json" not in response.headers.get("content-type", ""):
            return
        answer, path = response.json(), response.request.url.path
        for masked in filter(MASKED.fullmatch, find_texts(answer)):
            seen.update(
                (method, template)
                for method, template in operations
                if method == response.request.method
                and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
            )
            if count_candidates(masked, answer) < FEWEST_CANDIDATES:
                weak.append(f"{response.request.method} {path} shows {masked}")

    async with run_service(cluster, name) as service:
        service.client.event_hooks = {"response": [check_answer]}
        await WALKS[name](service, cluster)
    assert weak == []
    assert set(operations) - seen == set(), "the walk shows no number of these operations"


@pytest.mark.parametrize("name", SERVICES)
def test_every_personal_number_in_an_answer_is_published_as_masked(name: str) -> None:
    open_fields = [
        operation
        for operation, schemas in find_personal_fields(openapi_of(name)).items()
        for schema in schemas
        if r"\*{12}" not in str(schema)
    ]
    assert open_fields == []


def test_an_answer_that_reveals_a_number_is_detected() -> None:
    answer = {"kode_wilayah": "33.24.09.2011", "members": [{"birth_on": "1985-08-17", "sex": "P"}]}
    assert count_candidates("3324********0001", answer) == 2
    assert count_candidates("3324************", answer) == 2 * 9_999
