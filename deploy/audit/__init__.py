"""Export and offline check of the audit trail."""
