"""All planted mistakes."""

from tests.mutants.kafka import KAFKA
from tests.mutants.messaging import MESSAGING
from tests.mutants.referral import REFERRAL
from tests.mutants.registry import REGISTRY

MUTANTS = (*KAFKA, *MESSAGING, *REFERRAL, *REGISTRY)
