"""Promise 1: a 2xx answer is committed, and a failed commit stores nothing."""

import asyncio
import secrets

import asyncpg
import pytest
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.http.problems import busy_reason, to_refusal
from tests.factories.services import Running
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction

LEMBAGA = {"subject": "LEMBAGA", "name": "Karang Taruna Bina Muda"}
BREAKS_AT_COMMIT = """
CREATE FUNCTION break_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE CONSTRAINT TRIGGER breaks AFTER INSERT ON pendamping DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION break_at_commit();
"""


async def count_rows(registry: Running) -> dict[str, int]:
    tables = ("pendamping", "platform.outbox", "platform.unsent", "platform.stream", "platform.idempotency")
    return {table: (await registry.sql(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in tables}


async def test_commit_failure_answers_500_and_stores_nothing(registry: Running) -> None:
    before = await count_rows(registry)
    await registry.execute(BREAKS_AT_COMMIT)
    answer = await registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("KEMENSOS"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no" not in answer.json()["detail"].split()[:1]
    assert await count_rows(registry) == before


async def test_connection_lost_inside_the_command_answers_503_and_the_same_key_then_succeeds(
    registry: Running,
) -> None:
    token, key = registry.token("KEMENSOS"), secrets.token_hex(8)
    await registry.execute(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
    )
    await registry.execute(
        "CREATE CONSTRAINT TRIGGER cuts AFTER INSERT ON pendamping DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION cut()"
    )
    answer = await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    await registry.execute("DROP TRIGGER cuts ON pendamping")
    again = await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)
    assert again.status_code == 201
    assert (await count_rows(registry))["pendamping"] == 1


@pytest.mark.parametrize(
    "breaks",
    [
        BREAKS_AT_COMMIT,
        BREAKS_AT_COMMIT.replace("INSERT ON pendamping", "INSERT ON platform.idempotency"),
        BREAKS_AT_COMMIT.replace("INSERT ON pendamping", "UPDATE ON platform.idempotency"),
    ],
    ids=["command", "key", "answer"],
)
async def test_key_of_a_failed_commit_is_not_used(registry: Running, breaks: str) -> None:
    token, key, before = registry.token("KEMENSOS"), secrets.token_hex(8), await count_rows(registry)
    await registry.execute(breaks)
    answer = await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)
    assert answer.status_code == 500
    assert await count_rows(registry) == before
    await registry.execute("DROP FUNCTION break_at_commit() CASCADE")
    again = await registry.post("/v1/pendamping", {**LEMBAGA, "name": "Lain"}, as_=token, key=key)
    assert (again.status_code, again.headers.get("idempotency-replayed")) == (201, None)


async def test_key_answer_and_command_are_of_one_transaction(registry: Running) -> None:
    token = registry.token("KEMENSOS")
    async with one_transaction(registry, "pendamping", *EVENT_AND_ANSWER):
        assert (await registry.post("/v1/pendamping", LEMBAGA, as_=token)).status_code == 201


async def test_a_repeated_key_gets_the_first_answer_and_has_one_effect(registry: Running) -> None:
    token, key = registry.token("KEMENSOS"), secrets.token_hex(8)
    first = await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)
    second = await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert second.headers["idempotency-replayed"] == "true"
    assert (await count_rows(registry))["platform.outbox"] == 1


async def test_concurrent_requests_with_one_key_get_one_answer(registry: Running) -> None:
    token, key = registry.token("KEMENSOS"), secrets.token_hex(8)
    answers = await asyncio.gather(
        *(registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key) for _ in range(30))
    )
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert len({answer.content for answer in done}) == 1
    assert (await count_rows(registry))["pendamping"] == 1


async def test_another_body_under_the_same_key_is_refused(registry: Running) -> None:
    token, key = registry.token("KEMENSOS"), secrets.token_hex(8)
    await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)
    other = await registry.post("/v1/pendamping", {**LEMBAGA, "name": "Lain"}, as_=token, key=key)
    assert other.status_code == 422
    assert other.json()["title"] == "KeyReused"


async def test_the_same_key_of_another_caller_is_another_key(registry: Running) -> None:
    key = secrets.token_hex(8)
    for sub in ("kemensos-1", "kemensos-2"):
        answer = await registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("KEMENSOS", sub), key=key)
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers
    assert (await count_rows(registry))["pendamping"] == 2


async def test_a_refusal_is_not_stored(registry: Running) -> None:
    token, key = registry.token("KEMENSOS"), secrets.token_hex(8)
    refused = await registry.post(
        "/v1/pendamping", {"subject": "PERSON", "name": "Tanpa NIK"}, as_=token, key=key
    )
    assert 400 <= refused.status_code < 500
    assert (await registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key)).status_code == 201


async def test_the_stored_answer_is_sealed(registry: Running) -> None:
    await registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("KEMENSOS"))
    rows = await registry.sql("SELECT sealed FROM platform.idempotency")
    assert len(rows) == 1
    assert b"Karang Taruna" not in rows[0]["sealed"]


async def count_busy_answers(registry: Running, wait: str) -> float:
    """Return how many requests were answered 503 for this reason."""
    page = (await registry.metrics()).splitlines()
    name = f'pilar_busy_answers_total{{service="registry",wait="{wait}"}} '
    return sum(float(line.removeprefix(name)) for line in page if line.startswith(name))


async def test_a_request_without_a_connection_is_503_for_the_pool(registry: Running) -> None:
    """Of more slow requests than connections, some time out and store nothing."""
    token, before = registry.token("KEMENSOS"), await count_busy_answers(registry, "pool")
    await registry.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$;"
        "CREATE TRIGGER slow BEFORE INSERT ON pendamping FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    answers = await asyncio.gather(
        *(registry.post("/v1/pendamping", LEMBAGA, as_=token) for _ in range(registry.settings.pool_size + 2))
    )
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) >= 2
    assert {answer.json()["title"] for answer in refused} == {"Busy"}
    assert await count_busy_answers(registry, "pool") - before >= 2
    assert (await count_rows(registry))["pendamping"] == len(answers) - len(refused)


async def test_a_concurrent_request_with_the_same_key_is_503_after_a_timeout(registry: Running) -> None:
    token, key = registry.token("KEMENSOS"), secrets.token_hex(8)
    await registry.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$;"
        "CREATE TRIGGER slow BEFORE INSERT ON pendamping FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    before = await count_busy_answers(registry, "lock")
    answers = await asyncio.gather(
        *(registry.post("/v1/pendamping", LEMBAGA, as_=token, key=key) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 503]
    assert await count_busy_answers(registry, "lock") == before + 1
    late = next(answer for answer in answers if answer.status_code == 503)
    assert (late.json()["title"], int(late.headers["retry-after"]) >= 1) == ("Busy", True)


async def test_the_key_itself_is_not_stored(registry: Running) -> None:
    await registry.post("/v1/pendamping", LEMBAGA, as_=registry.token("KEMENSOS"), key="3324075211879001")
    (row,) = await registry.sql("SELECT key FROM platform.idempotency")
    assert "3324075211879001" not in row["key"]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (asyncpg.DeadlockDetectedError("d"), "deadlock"),
        (asyncpg.LockNotAvailableError("l"), "lock"),
        (asyncpg.QueryCanceledError("t"), "statement"),
        (asyncpg.ConnectionDoesNotExistError("c"), "server"),
        (asyncpg.InterfaceError("connection is closed"), "server"),
        (NoConnection(), "pool"),
    ],
)
def test_each_cause_of_a_503_is_counted(error: Exception, wait: str) -> None:
    assert (type(to_refusal(error)).__name__, busy_reason(error)) == ("Busy", wait)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (asyncpg.NumericValueOutOfRangeError("n"), "InvalidInput"),
        (asyncpg.UniqueViolationError("u"), "InternalFault"),
    ],
)
def test_driver_errors_become_refusals(error: Exception, title: str) -> None:
    assert type(to_refusal(error)).__name__ == title
