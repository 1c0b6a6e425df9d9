"""Graduation over HTTP: routers by noun."""

from services.graduation.routes.asesmen import router as asesmen
from services.graduation.routes.candidates import router as candidates
from services.graduation.routes.certificate import router as certificate
from services.graduation.routes.cohort import router as cohort
from services.graduation.routes.credit_rules import router as credit_rules
from services.graduation.routes.exits import router as exits
from services.graduation.routes.graduasi import router as graduasi
from services.graduation.routes.monitoring import router as monitoring
from services.graduation.routes.policy import router as policy
from services.graduation.routes.review import router as review
from services.graduation.routes.rules import router as rules
from services.graduation.routes.sanggah import router as sanggah
from services.graduation.routes.sk import router as sk

ROUTERS = [
    rules,
    policy,
    credit_rules,
    candidates,
    graduasi,
    asesmen,
    exits,
    review,
    sk,
    sanggah,
    monitoring,
    cohort,
    certificate,
]
