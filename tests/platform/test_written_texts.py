"""Written texts are sealed, and read by those who work on the record."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from deploy.contracts.declarations import openapi_of
from deploy.services import SERVICES
from tests.factories.cluster import Cluster
from tests.factories.services import Running, run_service
from tests.factories.walks import WALKS
from tests.factories.walks.platform import Tokens, read_success, walk_shared_operations
from tests.factories.written_texts import MARK, SEALED, TABLES, Place, mark_texts, text_of

TABLES_OF_ROWS = (
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)


def values_of(answer: Any, field: str) -> Iterator[Any]:
    """Yield every value of a field, at any depth."""
    if isinstance(answer, dict):
        yield from (value for name, value in answer.items() if name == field)
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from values_of(part, field)


async def read_field(service: Running, tokens: Tokens, place: Place) -> set[Any]:
    """Return the values of a field in the answers about every record."""
    paths = [place.path]
    if (named := re.search(r"\{(\w+)\}", place.path)) is not None:
        rows = await service.sql(f"SELECT {named[1]} AS id FROM {TABLES[named[1]]}")
        paths = [place.path.replace(named[0], str(row["id"])) for row in rows]
    answers = [await service.get(path, as_=tokens[place.role]) for path in paths]
    read = [read_success(answer) for answer in answers if answer.status_code != httpx.codes.NOT_FOUND]
    return {value for answer in read for value in values_of(answer, place.field) if isinstance(value, str)}


async def find_in_clear(service: Running) -> list[str]:
    """Return the tables that contain a distinctive text, also as bytes."""
    names: list[str] = []
    for table in [row["name"] for row in await service.sql(TABLES_OF_ROWS)]:
        hits = f"t::text LIKE '%{MARK}%' OR t::text LIKE '%{MARK.encode().hex()}%'"
        if await service.sql(f"SELECT FROM {table} t WHERE {hits} LIMIT 1"):
            names.append(table)
    return names


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SERVICES)
async def test_every_written_text_is_sealed_and_can_be_read(
    cluster: Cluster, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = openapi_of(name)
    async with run_service(cluster, name) as service:
        post = service.client.post

        async def post_marked(path: str, *, json: Any = None, **more: Any) -> httpx.Response:
            return await post(path, json=mark_texts(document, name, path, json), **more)

        # The words of a supply are deleted when the offer ends, so that only the walk reads them.
        read_in_walk: set[Any] = set()

        async def collect_texts(response: httpx.Response) -> None:
            if response.request.method == "GET" and response.request.url.path.endswith("/supply"):
                read_in_walk.update(values_of(orjson.loads(await response.aread()), "text"))

        monkeypatch.setattr(service.client, "post", post_marked)
        monkeypatch.setattr(cluster.recalled, "known", {})  # Other tests begin without the marked texts.
        service.client.event_hooks = {"response": [collect_texts]}
        tokens = await WALKS[name](service, cluster)
        await walk_shared_operations(service, tokens)
        monkeypatch.undo()
        unread = {
            key: place
            for key, place in SEALED[name].items()
            if text_of(key) not in read_in_walk | await read_field(service, tokens, place)
        }
        assert unread == {}
        assert await find_in_clear(service) == []
