"""Generated descriptions of the events, the operations and docs/events.md."""
