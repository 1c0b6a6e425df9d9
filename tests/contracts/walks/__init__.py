"""Seeded walks through each service, so that every operation succeeds at least once and ids of its things exist.

Each returns a token per role of people who have something to do with what was made.
"""

from collections.abc import Awaitable, Callable

from tests.contracts.walks.caseload import caseload
from tests.contracts.walks.everywhere import Tokens, everywhere
from tests.contracts.walks.graduation import graduation
from tests.contracts.walks.referral import referral
from tests.contracts.walks.registry import registry
from tests.factories.cluster import Cluster
from tests.factories.services import Running

Walk = Callable[[Running, Cluster], Awaitable[Tokens]]
WALKS: dict[str, Walk] = {
    "registry": registry,
    "caseload": caseload,
    "graduation": graduation,
    "referral": referral,
}
__all__ = ["WALKS", "Tokens", "everywhere"]
