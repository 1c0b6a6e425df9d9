"""Keyset paging.

A list declares its order, which an index serves. The cursor is signed, and bound to the filters and the
caller.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
import sqlalchemy as sa
from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import DomainError
from shared.http.answers import json_answer
from shared.remedies import CORRECT_REQUEST

LARGEST_PAGE = 200
Shape = Callable[[dict[str, Any]], dict[str, Any] | None]


class InvalidCursor(DomainError):
    """422: the cursor does not belong to this list, these filters and this caller."""

    status = 422
    en = "This cursor does not belong to this list. Start again without it."
    id = "Penanda halaman ini bukan milik daftar ini. Mulai lagi tanpa penanda."
    remedy = CORRECT_REQUEST


class Page(BaseModel):
    """The end of every page of a list: where the next one begins."""

    next: str | None
    next_cursor: str | None


@dataclass(slots=True)
class PageRequest:
    """The requested part of a list."""

    limit: int
    cursor: str | None
    request: Request

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
        """Run `statement` in `order` and return one page.

        The labels of its columns are the fields. Every column of `order` must be in the select, and the last one must be
        unique. The order is ascending, or descending with `newest_first`. `shape` turns a row into an item, for example opens what is sealed.
        If it returns None, the page is shorter, although another may follow. `more` are further fields of the page.
        """
        after = self._open(self.cursor, len(order)) if self.cursor is not None else []
        return await self._read_page(
            session, statement, order, after, newest_first=newest_first, shape=shape, more=more
        )

    async def _read_page(
        self,
        session: AsyncSession,
        statement: sa.Select[*tuple[Any, ...]],
        order: Sequence[sa.SQLColumnExpression[Any]],
        after: Sequence[str],
        *,
        newest_first: bool = False,
        shape: Shape | None = None,
        more: Mapping[str, Any] | None = None,
        carried: Sequence[Any] = (),
    ) -> Response:
        """Return the page after the values of `order`. Its cursor has `carried` too."""
        labels = [_label(column) for column in order]
        if after:
            values = [
                sa.cast(sa.literal(value), _type(column)) for value, column in zip(after, order, strict=True)
            ]
            row, last = sa.tuple_(*order), sa.tuple_(*values)
            statement = statement.where(row < last if newest_first else row > last)
        statement = statement.order_by(*(column.desc() if newest_first else column for column in order))
        rows = (await session.execute(statement.limit(self.limit + 1))).mappings().all()
        # The label of a reserved word ("column") is a quoted_name, which orjson does not accept.
        page_rows = [{str(label): value for label, value in row.items()} for row in rows[: self.limit]]
        following = (
            self._cursor([*(page_rows[-1][label] for label in labels), *carried])
            if len(rows) > self.limit
            else None
        )
        items = [item for row in page_rows if (item := shape(row)) is not None] if shape else page_rows
        return self._page(items, following, more or {})

    def answer_sorted(self, read: Callable[[str], Iterable[dict[str, Any]]], key: str) -> Response:
        """Return one page of what `read` yields behind a key, in order."""
        after = self._open(self.cursor, 1)[0] if self.cursor is not None else ""
        items = [*islice(read(after), self.limit + 1)]
        following = self._cursor([items[self.limit - 1][key]]) if len(items) > self.limit else None
        return self._page(items[: self.limit], following, {})

    def _page(self, items: list[Any], following: str | None, more: Mapping[str, Any]) -> Response:
        link = self._link(following) if following else None
        return json_answer({"items": items, "next": link, "next_cursor": following, **more})

    def _cursor(self, values: list[Any]) -> str:
        body = orjson.dumps([value if value is None else _text(value) for value in values])
        return base64.urlsafe_b64encode(self._mac(body) + body).decode().rstrip("=")

    def _link(self, cursor: str) -> str:
        filters = [(n, v) for n, v in self.request.query_params.multi_items() if n not in {"cursor", "limit"}]
        return f"{self.request.url.path}?{urlencode([*filters, ('limit', self.limit), ('cursor', cursor)])}"

    def _open(self, cursor: str, count: int) -> list[str]:
        try:
            blob = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, body = blob[:16], blob[16:]
            if not hmac.compare_digest(mac, self._mac(body)):
                raise InvalidCursor("/query/cursor")
            values = orjson.loads(body)
        except ValueError:
            raise InvalidCursor("/query/cursor") from None
        if len(values) != count:
            raise InvalidCursor("/query/cursor")
        return values

    def _mac(self, body: bytes) -> bytes:
        filters = sorted(
            (n, v) for n, v in self.request.query_params.multi_items() if n not in {"cursor", "limit"}
        )
        bound = orjson.dumps([self.request.url.path, filters, self.request.state.actor.sub])
        key: bytes = self.request.app.state.cursor_key
        return hashlib.blake2b(bound + b"\x1f" + body, key=key, digest_size=16).digest()


def _type(column: Any) -> Any:
    return column.type


def _label(column: sa.SQLColumnExpression[Any]) -> str:
    return str(getattr(column, "key", None) or getattr(column, "name", ""))


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


async def page_request(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> PageRequest:
    """Read `limit` (at most 200) and `cursor` (from the last page's `next`)."""
    return PageRequest(limit, cursor, request)


Paging = Annotated[PageRequest, Depends(page_request)]
