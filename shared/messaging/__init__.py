"""Events between services: an outbox, a transport, and application once and in order."""

from shared.messaging.envelope import Meta, Received
from shared.messaging.outbox import emit, shard_of
from shared.messaging.prepared import prepare
from shared.messaging.subscription import Subscription

__all__ = ["Meta", "Received", "Subscription", "emit", "prepare", "shard_of"]
