"""Walks through each service, in which every operation succeeds at least once.

Each returns a token per role that may act on the created things.
"""

from collections.abc import Awaitable, Callable

from tests.factories.cluster import Cluster
from tests.factories.services import Running
from tests.factories.walks.caseload import walk_caseload
from tests.factories.walks.graduation import walk_graduation
from tests.factories.walks.platform import Tokens
from tests.factories.walks.referral import walk_referral
from tests.factories.walks.registry import walk_registry

Walk = Callable[[Running, Cluster], Awaitable[Tokens]]
WALKS: dict[str, Walk] = {
    "registry": walk_registry,
    "caseload": walk_caseload,
    "graduation": walk_graduation,
    "referral": walk_referral,
}
