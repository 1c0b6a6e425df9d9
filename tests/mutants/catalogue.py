"""All planted mistakes."""

from tests.mutants.messaging import MESSAGING
from tests.mutants.referral import REFERRAL

MUTANTS = (*MESSAGING, *REFERRAL)
