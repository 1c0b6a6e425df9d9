"""The audit trail: who read or changed whose data, sealed each minute in a signed chain of blocks."""
