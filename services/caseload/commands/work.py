"""What caseload's worker knows to do; steps and handlers of what falls due register here."""

from shared.jobs import Work

WORK = Work()
