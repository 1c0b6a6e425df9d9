"""Kafka as the transport: the only folder that knows the client. Every wait is bounded; every error means a new client."""

import logging

# The client logs each retry with addresses; what matters is told by our own lines and metrics.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
