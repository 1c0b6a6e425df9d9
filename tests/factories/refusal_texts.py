"""No refusal repeats a NIK or a No. KK, and each is published."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.factories.remedies import Place, find_operation
from tests.factories.repository import ROOT

NUMBER = re.compile(r"\d{16}")


async def check_refusal(response: httpx.Response) -> None:
    """Assert that a refusal has no number of sixteen digits.

    The client of each service calls this for each answer.
    """
    # The answer to HEAD has no body.
    is_refusal = response.headers.get("content-type") == "application/problem+json"
    if is_refusal and response.request.method != "HEAD":
        await response.aread()
        problem = response.json()
        texts = [problem["detail"], json.dumps(problem["params"])]
        texts += [text for entry in problem["errors"] for text in entry.values()]
        assert not NUMBER.search(" ".join(texts)), f"{problem['title']} repeats a number"


@cache
def published_refusals(service: str) -> tuple[dict[tuple[Place, str], frozenset[str]], dict[str, Any]]:
    """Return the titles by operation and status, and the schema of the values by title."""
    document = json.loads((ROOT / f"services/{service}/migrations/openapi.json").read_text("utf-8"))
    schemas = document["components"]["schemas"]
    titles: dict[tuple[Place, str], frozenset[str]] = {}
    for operation in (one for path in document["paths"].values() for one in path.values()):
        for status, answer in operation["responses"].items():
            if reference := answer.get("content", {}).get("application/problem+json", {}).get("schema"):
                schema = schemas[reference["$ref"].rpartition("/")[2]]
                place = (service, operation["operationId"])
                titles[place, status] = frozenset(schema["allOf"][1]["properties"]["title"]["enum"])
    params = {
        one["title"]: {**one["params"], "components": {"schemas": {"Sentences": schemas["Sentences"]}}}
        for one in document["x-problems"]
    }
    return titles, params


async def check_published(service: str, response: httpx.Response) -> None:
    """Assert that a refusal is published for its operation, with its values.

    The client of each service calls this for each answer.
    """
    is_refusal = response.headers.get("content-type") == "application/problem+json"
    operation = find_operation(service, response.request)
    if not is_refusal or operation is None or response.request.method == "HEAD":
        return
    await response.aread()
    fault = find_unpublished(service, operation.place, response.json())
    assert fault is None, f"{operation.place[1]}: {fault}"


def find_unpublished(service: str, place: Place, problem: Mapping[str, Any]) -> str | None:
    """Return what an answer has that the document of the service does not publish."""
    titles, params = published_refusals(service)
    title, status = problem["title"], str(problem["status"])
    if status == "500" and title == "InternalFault":
        return None
    if title not in titles.get((place, status), ()):
        return f"{title} is not published for {status}"
    if unknown := problem["params"].keys() - params[title]["properties"].keys():
        return f"{title} has the unpublished values {sorted(unknown)}"
    errors = Draft202012Validator(params[title]).iter_errors(problem["params"])
    return next((f"{title}: {error.json_path} {error.message}" for error in errors), None)
