"""The relay's sentences, through a real broker."""

import pytest

from tests.messaging.test_relay import (
    test_a_relay_killed_between_send_and_clear_loses_nothing_and_duplicates_are_dropped,
    test_a_sealed_body_is_cleared_and_never_sent_again,
    test_an_expired_sealed_body_does_not_stop_the_relay,
    test_three_relays_under_twelve_writers_keep_order_and_lose_nothing,
)

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

__all__ = [
    "test_a_relay_killed_between_send_and_clear_loses_nothing_and_duplicates_are_dropped",
    "test_a_sealed_body_is_cleared_and_never_sent_again",
    "test_an_expired_sealed_body_does_not_stop_the_relay",
    "test_three_relays_under_twelve_writers_keep_order_and_lose_nothing",
]
