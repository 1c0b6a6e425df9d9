from deploy.contracts.used_by import with_used_by

BEFORE = '''"""Events."""

KIND = 1


class Started(Event, wire="a.started.v1", key="id"):
    """A thing has started."""

    id: int


class Ended(Event, wire="a.ended.v1", key="id"):
    """A thing has ended.

    Used by: b.old

    The last day is included.
    """

    id: int


class Detail(BaseModel):
    """No event."""
'''
AFTER = '''"""Events."""

KIND = 1


class Started(Event, wire="a.started.v1", key="id"):
    """A thing has started.

    Used by: b.things, c.things
    """

    id: int


class Ended(Event, wire="a.ended.v1", key="id"):
    """A thing has ended.

    Used by: nothing yet

    The last day is included.
    """

    id: int


class Detail(BaseModel):
    """No event."""
'''


def test_each_event_class_names_the_subscriptions_that_exist() -> None:
    assert with_used_by(BEFORE, {"a.started.v1": ["b.things", "c.things"]}) == AFTER


def test_a_current_module_is_unchanged() -> None:
    assert with_used_by(AFTER, {"a.started.v1": ["b.things", "c.things"]}) == AFTER
