"""The audit trail: who read or changed whose data, sealed in signed blocks."""
