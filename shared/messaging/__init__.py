"""Facts between services: told through the outbox, carried by a transport, applied once and in order."""

from shared.messaging.outbox import emit, shard_of
from shared.messaging.subscription import Meta, Received, Subscription

__all__ = ["Meta", "Received", "Subscription", "emit", "shard_of"]
