"""Hand-over: the families of an area go from one placement to another in one resumable job.

Open cases and tasks follow, because whoever accompanies the family holds them; authorship stays where it is.
"""

from services.caseload.commands.hand_over.asking import preview_hand_over, request_hand_over
from services.caseload.commands.hand_over.steps import hand_over_families
from services.caseload.commands.hand_over.withdrawing import withdraw_hand_over

__all__ = ["hand_over_families", "preview_hand_over", "request_hand_over", "withdraw_hand_over"]
