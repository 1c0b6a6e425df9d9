"""A subscription's sentences, through a real broker."""

import pytest

from tests.messaging.test_event_origin import test_a_forged_record_on_the_road_stops_nobody
from tests.messaging.test_subscription import (
    test_a_consumer_killed_before_or_after_its_commit_applies_each_event_once,
    test_a_reaction_that_starts_now_starts_there_and_stays_there,
    test_a_replica_rebuilt_while_live_equals_itself,
    test_a_subscription_added_later_starts_at_the_beginning,
    test_a_topic_recreated_is_noticed_and_goes_on_once_it_is_accepted,
    test_a_whole_topic_delivered_three_times_changes_nothing,
    test_republish_after_the_topic_was_wiped_fills_a_new_reader_and_never_the_sealed,
    test_undecodable_bytes_on_the_road_stop_nobody,
)

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

__all__ = [
    "test_a_consumer_killed_before_or_after_its_commit_applies_each_event_once",
    "test_a_forged_record_on_the_road_stops_nobody",
    "test_a_reaction_that_starts_now_starts_there_and_stays_there",
    "test_a_replica_rebuilt_while_live_equals_itself",
    "test_a_subscription_added_later_starts_at_the_beginning",
    "test_a_topic_recreated_is_noticed_and_goes_on_once_it_is_accepted",
    "test_a_whole_topic_delivered_three_times_changes_nothing",
    "test_republish_after_the_topic_was_wiped_fills_a_new_reader_and_never_the_sealed",
    "test_undecodable_bytes_on_the_road_stop_nobody",
]
