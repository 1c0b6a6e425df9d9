"""Reactions to consent: seal the identity of a family, or stop sealing it."""

from services.caseload.identity.commands import seal_identity, stop_sealing
from services.caseload.subscriptions import sealing
from shared.contracts.referral import ConsentGiven, ConsentWithdrawn

sealing.on(ConsentGiven)(seal_identity)
sealing.on(ConsentWithdrawn)(stop_sealing)
