"""All planted mistakes."""

from tests.mutants.messaging import MESSAGING

MUTANTS = (*MESSAGING,)
