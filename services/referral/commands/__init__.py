"""What referral does, by noun: each function loads, changes, emits and returns."""
