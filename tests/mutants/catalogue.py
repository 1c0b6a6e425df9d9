"""All planted mistakes."""

from tests.mutants.access import ACCESS
from tests.mutants.audit import AUDIT
from tests.mutants.decisions import DECISIONS
from tests.mutants.history import HISTORY
from tests.mutants.kafka import KAFKA
from tests.mutants.messaging import MESSAGING
from tests.mutants.reads import READS
from tests.mutants.referral import REFERRAL
from tests.mutants.refusals import REFUSALS
from tests.mutants.registry import REGISTRY

MUTANTS = (*ACCESS, *AUDIT, *DECISIONS, *HISTORY, *KAFKA, *MESSAGING, *READS, *REFERRAL, *REFUSALS, *REGISTRY)
