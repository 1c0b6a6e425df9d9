"""Kafka as the transport: the only package that imports the client.

Every wait has a timeout, and after every error a new client is made.
"""

import logging

# The client logs each retry with addresses. Pilar has its own log lines and metrics.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
