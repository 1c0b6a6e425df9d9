"""The person or machine that makes a request, as its token says."""

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from shared.access.permissions import PERMISSIONS, SCOPE_OF_ROLE, Permission, Role, Scope
from shared.errors import NotAllowed

NATIONAL = "*"
SYSTEM = "system:"
WIDTH = {scope: width for width, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which roles, over which areas.

    `areas` are Kemendagri codes, or "*" for the whole country. `scope` is that of the permission in use. By
    default it opens no row (see `under`).
    """

    sub: str
    roles: frozenset[Role] = frozenset()
    areas: tuple[str, ...] = ()
    ditjen: str | None = None
    pendamping_id: UUID | None = None
    partner_id: UUID | None = None
    scope: Scope = Scope.OWN_FAMILIES

    @classmethod
    def system(cls, service: str) -> Self:
        """Return the worker of `service`, which sees every area and has no role."""
        return cls(sub=SYSTEM + service, areas=(NATIONAL,), scope=Scope.NATIONAL)

    @property
    def is_system(self) -> bool:
        """Whether a service acts by itself."""
        return self.sub.startswith(SYSTEM)

    @property
    def person(self) -> str:
        """The identity for rules that require different people (docs/architecture.md#who-is-the-same-person).

        Two accounts of one pendamping are one person.
        """
        return str(self.pendamping_id) if self.pendamping_id else self.sub

    def is_same_as(self, person: str, sub: str) -> bool:
        """Return whether an act of `person` with the account `sub` was this actor's.

        One `sub` with and without a pendamping_id is one human, and so are two accounts of one pendamping_id.
        `shared.database.acted_by` is the same comparison in SQL.
        """
        return person == self.person or sub == self.sub

    @property
    def national(self) -> bool:
        """Whether the actor's area is the whole country."""
        return NATIONAL in self.areas

    def covers(self, kode_wilayah: str) -> bool:
        """Return whether the area is one of the actor's, or below one."""
        return any(
            area in {NATIONAL, kode_wilayah} or kode_wilayah.startswith(f"{area}.") for area in self.areas
        )

    def require_area(self, kode_wilayah: str) -> None:
        """Raise NotAllowed unless the area is the actor's."""
        if not self.covers(kode_wilayah):
            raise NotAllowed

    def scope_of(self, permission: Permission) -> Scope:
        """Return the widest scope among the actor's roles that grant the permission.

        Raises:
            NotAllowed: no role grants it.
        """
        granting = self.roles & PERMISSIONS.get(permission, frozenset())
        if not granting:
            raise NotAllowed
        widest = max((SCOPE_OF_ROLE[role] for role in granting), key=WIDTH.__getitem__)
        return Scope.NATIONAL if widest is Scope.AREA and self.national else widest

    def under(self, permission: Permission) -> Self:
        """Return the actor with the scope of the permission.

        Raises:
            NotAllowed: no role grants it.
        """
        return replace(self, scope=self.scope_of(permission))

    def may(self, permission: Permission) -> bool:
        """Return whether one of the actor's roles has the permission."""
        return not self.roles.isdisjoint(PERMISSIONS.get(permission, frozenset()))

    def require_role(self, role: Role) -> None:
        """Raise NotAllowed unless the actor has the role."""
        if role not in self.roles:
            raise NotAllowed

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed unless the actor has the permission."""
        if not self.may(permission):
            raise NotAllowed
