"""What Pilar promises to others, written down from the code: events, addresses, and the event table of README."""
