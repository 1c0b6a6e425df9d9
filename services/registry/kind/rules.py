"""When the end of a range may be moved to an earlier day."""

from datetime import date

from services.registry.kind.errors import EndAlreadySet
from shared.errors import InvalidRange


def require_earlier_end(valid_from: date, valid_to: date | None, new_end: date) -> None:
    """Require a new end between the first day and the current end.

    An end on the first day empties the range, because it was set in error.

    Raises:
        InvalidRange, EndAlreadySet.
    """
    if new_end < valid_from:
        raise InvalidRange("/body/valid_to", valid_from=valid_from, valid_to=new_end)
    if valid_to is not None and new_end >= valid_to:
        raise EndAlreadySet("/body/valid_to", valid_to=valid_to)
