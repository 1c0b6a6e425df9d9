"""Two acts are of one person if their person or their account is the same."""

from uuid import UUID

import pytest

from shared.access import Actor

P, Q = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (Actor("a", pendamping_id=P), Actor("a"), True),
        (Actor("a"), Actor("a", pendamping_id=P), True),
        (Actor("a", pendamping_id=P), Actor("b", pendamping_id=P), True),
        (Actor("a", pendamping_id=P), Actor("a", pendamping_id=Q), True),
        (Actor("a"), Actor("a"), True),
        (Actor("a"), Actor("b"), False),
        (Actor("a", pendamping_id=P), Actor("b"), False),
        (Actor("a", pendamping_id=P), Actor("b", pendamping_id=Q), False),
    ],
)
def test_one_account_or_one_pendamping_id_is_one_human(first: Actor, second: Actor, same: bool) -> None:
    assert second.is_same_as(first.person, first.sub) is same
