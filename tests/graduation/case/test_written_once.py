"""What a decision writes and loads past the ORM is what the ORM has."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from services.graduation.case.commands.transitions import load_case
from services.graduation.case.models import Graduasi
from services.graduation.policy.models.policy import Policy
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.services import Running


@contextmanager
def orm_statements(service: Running) -> Iterator[list[str]]:
    """Collect the statements that requests execute through SQLAlchemy."""
    statements: list[str] = []

    def collect(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = service.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", collect)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", collect)


async def test_a_decision_writes_its_case_once(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    with orm_statements(graduation) as statements:
        expect_ok(await driver.verify())
        expect_ok(await driver.deliberate("2026-05-18"))
        expect_ok(await driver.approve())
        expect_ok(await driver.determine("2026-05-18"))
    assert [one for one in statements if one.startswith("UPDATE graduasi")] == []
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_a_loaded_case_is_what_the_session_loads(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    graduasi_id = UUID(driver.graduasi_id)
    async with graduation.session() as session:
        case = await session.get_one(Graduasi, graduasi_id)
        expected = [vars(case) | {}, vars(await session.get_one(Policy, case.policy_id)) | {}]
    async with graduation.session() as session:
        loaded = await load_case(session, graduasi_id)
        for row, values in zip(loaded, expected, strict=True):
            assert {name: getattr(row, name) for name in type(row).model_fields} == {
                name: values[name] for name in type(row).model_fields
            }
        assert await session.get_one(Graduasi, graduasi_id) is loaded[0]
        loaded[0].fact_undone_on = date(2026, 5, 18)
    rows = await graduation.sql("SELECT fact_undone_on FROM graduasi WHERE graduasi_id = $1", graduasi_id)
    assert rows[0]["fact_undone_on"] == date(2026, 5, 18)
