"""Seeded walks through each service, so that every operation succeeds at least once and ids of its things exist.

Each returns a token per role of people who have something to do with what was made.
"""

from collections.abc import Awaitable, Callable

from tests.factories.cluster import Cluster
from tests.factories.services import Running
from tests.factories.walks.caseload import caseload
from tests.factories.walks.graduation import graduation
from tests.factories.walks.platform import Tokens
from tests.factories.walks.referral import referral
from tests.factories.walks.registry import registry

Walk = Callable[[Running, Cluster], Awaitable[Tokens]]
WALKS: dict[str, Walk] = {
    "registry": registry,
    "caseload": caseload,
    "graduation": graduation,
    "referral": referral,
}
