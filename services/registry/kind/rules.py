"""When the end of a range may be moved to an earlier day."""

from datetime import date

from services.registry.kind.errors import EndAlreadySet
from shared.errors import InvalidRange


def require_earlier_end(valid_from: date, valid_to: date | None, new_end: date, *, earliest: date) -> None:
    """Require a new end that is not before `earliest` and is before the current end.

    Raises:
        InvalidRange, EndAlreadySet.
    """
    if new_end < earliest:
        raise InvalidRange("/body/valid_to", valid_from=valid_from, valid_to=new_end)
    if valid_to is not None and new_end >= valid_to:
        raise EndAlreadySet("/body/valid_to", valid_to=valid_to)
