"""HTTP in and out of caseload, by noun."""

from services.caseload.routes.coverage import coverage
from services.caseload.routes.dampingan import dampingan
from services.caseload.routes.exit_proposals import exit_proposals
from services.caseload.routes.families import families
from services.caseload.routes.hand_over import hand_over
from services.caseload.routes.intake import intake
from services.caseload.routes.komponen import komponen
from services.caseload.routes.kunjungan import kunjungan
from services.caseload.routes.limits import limits
from services.caseload.routes.members import members
from services.caseload.routes.memberships import memberships
from services.caseload.routes.moves import moves
from services.caseload.routes.numbers import numbers
from services.caseload.routes.p2k2 import p2k2
from services.caseload.routes.tugas import tugas
from services.caseload.routes.usaha import usaha
from services.caseload.routes.usulan import usulan

ROUTERS = [
    intake,
    families,
    komponen,
    members,
    moves,
    usaha,
    memberships,
    exit_proposals,
    usulan,
    dampingan,
    coverage,
    hand_over,
    limits,
    kunjungan,
    p2k2,
    tugas,
    numbers,
]
