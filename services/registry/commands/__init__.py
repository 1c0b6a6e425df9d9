"""What registry does when asked. Whoever changes something below a pendamping locks the pendamping's row first."""
