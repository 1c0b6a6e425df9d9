"""The published refusals of each operation that its endpoint can raise, by operation id.

Those of a two-person act are left out, because each request of one would have those of all acts.
"""

from functools import cache

from shared.errors import DomainError
from shared.http.openapi import routes_of
from shared.http.refusal_schemas import RefusalSchemas
from tests.factories.applications import application
from tests.factories.refusal_texts import published_refusals


@cache
def reachable_refusals(service: str) -> dict[str, frozenset[type[DomainError]]]:
    schemas, (titles, _) = RefusalSchemas(service, acts=False), published_refusals(service)
    return {
        name: frozenset(
            kind
            for kind in schemas.refusals_of(route)
            if kind.__name__ in titles.get(((service, name), str(kind.status)), ())
        )
        for route in routes_of(application(service))
        for name in (route.unique_id,)
    }
