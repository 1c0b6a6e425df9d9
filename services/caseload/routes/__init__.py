"""HTTP in and out of caseload, by noun."""

from services.caseload.routes.dampingan import dampingan, kunjungan
from services.caseload.routes.exit_proposals import exit_proposals
from services.caseload.routes.families import families
from services.caseload.routes.intake import intake
from services.caseload.routes.komponen import komponen
from services.caseload.routes.memberships import memberships
from services.caseload.routes.numbers import numbers

ROUTERS = [intake, families, komponen, memberships, exit_proposals, dampingan, kunjungan, numbers]
