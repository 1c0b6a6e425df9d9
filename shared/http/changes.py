"""Filters of lists: what changed since an instant, what lies between two days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared.dates import midnight, to_utc_text
from shared.fields import Day, Instant
from shared.http.paging import LARGEST_PAGE, Page, PageRequest, Shape
from shared.updates import LONGEST_TRANSACTION, UPDATED_AT

UPDATED_SINCE = (
    "Only rows that were written at this instant of the server or later, in the order of their change. Begin with an"
    " early instant, follow `next` to its end, and call again with the `next_updated_since` of the last page:"
    " nothing is lost. It is two minutes before the walk began, because a change is visible up to two minutes after"
    " its instant, so some rows come twice. A row that has left your filters or your areas is not listed any more."
)


class ChangePage(Page):
    """The end of a page of a list that takes `updated_since`."""

    next_updated_since: Annotated[
        datetime | None,
        Field(
            description="With `updated_since`: what to give as `updated_since` after the last page. The same on each"
            " page of a walk."
        ),
    ]


@dataclass(slots=True)
class ChangePageRequest(PageRequest):
    """The requested part of a list of things that change."""

    updated_since: datetime | None = None

    async def answer(
        self,
        session: AsyncSession,
        statement: sa.Select[*tuple[Any, ...]],
        order: Sequence[sa.SQLColumnExpression[Any]],
        *,
        newest_first: bool = False,
        shape: Shape | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Response:
        """Return one page, with `updated_since` in the order of changes.

        The table of the last column of `order` has `updated_at`. A walk ends with the changes until its first page.
        What it passes before the commit was written later than `next_updated_since`, and is in the next walk.
        """
        if self.updated_since is None:
            page: dict[str, Any] = {"newest_first": newest_first, "shape": shape}
            return await PageRequest.answer(
                self, session, statement, order, **page, more={**(more or {}), "next_updated_since": None}
            )
        *after, until = self._open(self.cursor, 3) if self.cursor else [await _now(session)]
        last = datetime.fromisoformat(until)
        changes, by_change = select_changes(statement, order[-1], self.updated_since, last)

        def without_instant(row: dict[str, Any]) -> dict[str, Any] | None:
            del row[UPDATED_AT]
            return shape(row) if shape else row

        following = {"next_updated_since": to_utc_text(last - LONGEST_TRANSACTION)}
        return await self._read_page(
            session,
            changes,
            by_change,
            after,
            shape=without_instant,
            more={**(more or {}), **following},
            carried=(until,),
        )


async def change_page_request(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    updated_since: Annotated[Instant | None, Query(description=UPDATED_SINCE)] = None,
) -> ChangePageRequest:
    """Read `limit`, `cursor` and `updated_since`."""
    return ChangePageRequest(limit, cursor, request, updated_since)


ChangePaging = Annotated[ChangePageRequest, Depends(change_page_request)]


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days that a list is limited to, both included. None is no limit."""

    first: date | None
    last: date | None

    def limit(self, statement: sa.Select[*tuple[Any, ...]], column: Any) -> sa.Select[*tuple[Any, ...]]:
        """Limit the select by a date, or by the day in Jakarta of an instant."""
        is_instant = isinstance(column.type, sa.DateTime)
        if self.first is not None:
            statement = statement.where(column >= (midnight(self.first) if is_instant else self.first))
        if self.last is not None:
            after = self.last + timedelta(days=1)
            statement = statement.where(column < (midnight(after) if is_instant else after))
        return statement


def days_of(field: str) -> Any:
    """Return the dependency that reads `from` and `until` as limits of a field."""

    async def read_days(
        from_: Annotated[
            Day | None,
            Query(alias="from", description=f"Only with `{field}` on this day (Asia/Jakarta) or later."),
        ] = None,
        until: Annotated[
            Day | None, Query(description=f"Only with `{field}` on this day (Asia/Jakarta) or earlier.")
        ] = None,
    ) -> DayRange:
        return DayRange(from_, until)

    return Depends(read_days)


def select_changes(
    statement: sa.Select[*tuple[Any, ...]], key: sa.SQLColumnExpression[Any], since: datetime, until: datetime
) -> tuple[sa.Select[*tuple[Any, ...]], tuple[sa.SQLColumnExpression[Any], ...]]:
    """Return the select of rows that changed in a period, and its order.

    `key` is a unique column of the table, or of its alias, that has `updated_at`.
    """
    table: sa.FromClause = key.expression.table  # pyright: ignore[reportAttributeAccessIssue]
    updated_at = table.c[UPDATED_AT]
    changes = statement.add_columns(updated_at).where(updated_at >= since, updated_at <= until)
    return changes, (updated_at, key)


async def _now(session: AsyncSession) -> str:
    """Return the instant of PostgreSQL's clock, which triggers write too."""
    now: datetime = (await session.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return now.isoformat()
