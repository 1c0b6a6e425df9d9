"""The loopback address and its free ports."""

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]
