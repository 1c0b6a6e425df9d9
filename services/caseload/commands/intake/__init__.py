"""Family intake (chain.md 7): a CSV file becomes families, in resumable steps, and the same file again changes nothing."""

from services.caseload.commands.intake.asking import request_intake
from services.caseload.commands.intake.steps import take_in_families

__all__ = ["request_intake", "take_in_families"]
