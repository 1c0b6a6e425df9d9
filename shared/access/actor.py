"""The person or machine that makes a request, read from its token."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self
from uuid import UUID

from shared.access.permissions import (
    GRANTS,
    LEVEL_OF_ROLE,
    PERMISSIONS,
    Permission,
    Role,
    Scope,
)
from shared.errors import NotAllowed
from shared.field_classes import FieldClass

NATIONAL = "*"
SYSTEM = "system:"
WIDTH = {scope: width for width, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which roles, over which areas.

    `areas` are Kemendagri codes, or "*" for the whole country. `scope` and `fields` are those of the permission in use.
    By default they open nothing (see `under`).
    """

    sub: str
    roles: frozenset[Role] = frozenset()
    areas: tuple[str, ...] = ()
    ditjen: str | None = None
    pendamping_id: UUID | None = None
    partner_id: UUID | None = None
    scope: Scope = Scope.SELF
    fields: FieldClass = FieldClass.UMUM
    # All areas of the token, of which a permission may open fewer.
    token_areas: tuple[str, ...] = ()

    @classmethod
    def system(cls, service: str) -> Self:
        """Return the worker of `service`, which sees every area and has no role."""
        return cls(sub=SYSTEM + service, areas=(NATIONAL,), scope=Scope.NATIONAL, fields=FieldClass.SPESIFIK)

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

    @property
    def role(self) -> str:
        """The roles joined by '+', or SYSTEM for a service."""
        return "+".join(sorted(self.roles)) or "SYSTEM"

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

    # Fast path: a page of tasks asks 150 times, at 4 microseconds each (bench: worklists).
    @lru_cache(maxsize=4_096)  # noqa: B019 (an actor is a small value, and the number is limited)
    def under(self, permission: Permission) -> Self:
        """Return the actor with the scope, the areas and the fields of the permission.

        The roles with the widest scope decide. Of these, the one with the widest level decides about areas and fields.

        Raises:
            NotAllowed: no role grants it.
        """
        grants = GRANTS.get(permission, {})
        granted = [(self._scope_by(grants[role].scope), role) for role in self.roles if role in grants]
        if not granted:
            raise NotAllowed
        scope = max((scope for scope, _ in granted), key=WIDTH.__getitem__)
        deciding = [role for one, role in granted if one is scope]
        level = min(LEVEL_OF_ROLE[role] for role in deciding)
        fields = max(grants[role].fields for role in deciding if LEVEL_OF_ROLE[role] == level)
        token_areas = self.token_areas or self.areas
        areas = tuple(area for area in token_areas if level_of(area) >= level)
        if scope is Scope.AREA and NATIONAL in areas:
            scope = Scope.NATIONAL
        return replace(self, scope=scope, areas=areas, fields=fields, token_areas=token_areas)

    def _scope_by(self, scope: Scope) -> Scope:
        """Return AREA instead of DITJEN for a token without a ditjen."""
        return Scope.AREA if scope is Scope.DITJEN and self.ditjen is None else scope

    def may(self, permission: Permission) -> bool:
        """Return whether one of the actor's roles has the permission."""
        return not self.roles.isdisjoint(PERMISSIONS.get(permission, frozenset()))

    def require_national(self) -> None:
        """Raise NotAllowed unless the actor's area is the whole country."""
        if not self.national:
            raise NotAllowed

    def require_role(self, role: Role) -> None:
        """Raise NotAllowed unless the actor has the role."""
        if role not in self.roles:
            raise NotAllowed


def level_of(area: str) -> int:
    """Return the number of parts of an area code, 0 for the whole country."""
    return 0 if area == NATIONAL else area.count(".") + 1
