"""What a route declares about itself: permission, body, key and way back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.access import Permission
from shared.remedies import Remedy

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """What a route declares: permission (None: open to anybody), body, required Idempotency-Key.

    `max_body` is in bytes, for JSON larger than `max_body_bytes` of the settings. `author_reads`: a repeat gets
    the first answer also from an author whose families have changed, because it has only what the author recorded.
    `writes`: a GET that writes, such as who has read. `personal`: an answer about families that names none of them.
    `one_family`: such an answer about one family. `emergency`: an emergency access opens it, which it checks.
    `undo` is the way back if the act was a mistake (docs/architecture.md#ways-back).
    """

    permission: Permission | None
    key_required: bool = False
    takes_bytes: bool = False
    max_body: int = 0
    author_reads: bool = False
    writes: bool = False
    personal: bool = False
    one_family: bool = False
    emergency: bool = False
    undo: Remedy | None = None


def may(permission: Permission, **more: Any) -> Callable[[Endpoint], Endpoint]:
    """Declare the permission of a route, and `more` of `Declared`.

    Decisions and bulk work set `key_required`.
    """
    return _declare(Declared(permission, **more))


def open_to_anybody() -> Callable[[Endpoint], Endpoint]:
    """Declare a route that needs no token. A rule test lists these routes."""
    return _declare(Declared(None))


def _declare(declared: Declared) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.declared = declared  # type: ignore[attr-defined]
        return endpoint

    return mark
