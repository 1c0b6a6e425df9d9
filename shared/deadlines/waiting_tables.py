"""The tables whose rows wait, and the SQL that finds the rows that wait."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from shared import schema
from shared.deadlines.rules import Rule, Rules, steps_of
from shared.deadlines.waits import Families, Owner, Until, Waits
from shared.roles import Role

NATIONAL = "*"


@dataclass(frozen=True, slots=True)
class WaitingTable:
    """A table whose rows wait."""

    table: sa.Table
    waits: Waits
    families: Families | None = None

    @property
    def kind(self) -> str:
        """The kind of its rows in lists and rules: the name of the table."""
        return self.table.name

    @property
    def waiting(self) -> Mapping[str, Owner | Until]:
        """The states in which somebody has to act."""
        return {
            str(state): wait for state, wait in self.waits.states.items() if isinstance(wait, Owner | Until)
        }

    def keys(self) -> list[tuple[str, str]]:
        """Return name and SQL type of the columns of the primary key."""
        dialect = postgresql.dialect()
        return [(column.name, column.type.compile(dialect)) for column in self.table.primary_key]

    def select_waiting(self, rules: Rules) -> str:
        """Return the statement that selects the rows that wait.

        It has no value of a request: expressions are declared, and rules have numbers and roles.
        """
        due, owner = (f"CASE {self.waits.state} ", f"CASE {self.waits.state} ")
        for state, wait in self.waiting.items():
            rule = rules.find(self.kind, state)
            due += f"WHEN '{state}' THEN {self._due_on(wait, rule)} "
            owner += f"WHEN '{state}' THEN {_owner_of(wait, rule)} "
        states = ", ".join(f"'{state}'" for state in self.waiting)
        kpm_id = self.waits.kpm_id or (f"{self.kind}.kpm_id" if "kpm_id" in self.table.c else "NULL::uuid")
        columns = [
            *(f"{name} AS key_{number}" for number, (name, _) in enumerate(self.keys(), 1)),
            f"{self.waits.state} AS state",
            f"{self._since()} AS since_on",
            f"{due}END AS due_on",
            f"{owner}END AS owner",
            f"{kpm_id} AS kpm_id",
            f"{self._area(kpm_id)} AS kode_wilayah",
        ]
        place = f"{self.table.fullname} WHERE ({self.waits.rows}) AND {self.waits.state} IN ({states})"
        return f"SELECT {', '.join(columns)} FROM {place}"  # noqa: S608 (declared expressions only)

    def key_text(self, alias: str) -> str:
        """Return the key of a selected row as one text."""
        return f"concat_ws('/', {', '.join(f'{alias}.key_{n}' for n, _ in enumerate(self.keys(), 1))})"

    def key_condition(self, alias: str, text: str) -> str:
        """Return the condition that a selected row has the key of a text."""
        parts = [
            f"{alias}.key_{number} = split_part({text}, '/', {number})::{kind}"
            for number, (_, kind) in enumerate(self.keys(), 1)
        ]
        return " AND ".join(parts)

    def _since(self) -> str:
        return self.waits.since or ("since_on" if "since_on" in self.table.c else "NULL::date")

    def _area(self, kpm_id: str) -> str:
        if self.waits.kode_wilayah is not None:
            return self.waits.kode_wilayah
        if "kode_wilayah" in self.table.c:
            return "kode_wilayah"
        if self.families is None or self.families.kode_wilayah is None or kpm_id.startswith("NULL"):
            return f"'{NATIONAL}'"
        return self.families.kode_wilayah.format(kpm_id=kpm_id)

    def _due_on(self, wait: Owner | Until, rule: Rule) -> str:
        return f"({wait.on})" if isinstance(wait, Until) else f"({self._since()}) + {rule.days}"


def _owner_of(wait: Owner | Until, rule: Rule) -> str:
    if rule.owner is not None and isinstance(wait, Owner):
        return f"'{rule.owner}'"
    if isinstance(wait, Owner) and wait.unless is not None:
        condition, other = wait.unless
        return f"CASE WHEN {condition} THEN '{other}' ELSE '{wait.role}' END"
    return f"'{wait.role}'"


def list_escalations(table: WaitingTable, rules: Rules) -> Iterator[tuple[str, Role, list[int], list[Role]]]:
    """Yield each state and owner with the days and the roles of its escalation."""
    for state, wait in table.waiting.items():
        rule = rules.find(table.kind, state)
        owners = {wait.role, *([wait.unless[1]] if isinstance(wait, Owner) and wait.unless else [])}
        if rule.owner is not None and isinstance(wait, Owner):
            owners = {rule.owner}
        for owner in sorted(owners):
            yield (state, owner, *steps_of(rule, owner))


def find_waiting_tables(metadata: sa.MetaData) -> list[WaitingTable]:
    """Return the tables of a service in which somebody has to act, by name."""
    families: Families | None = metadata.info.get("families")
    declared = [
        table
        for table in (*metadata.tables.values(), *schema.metadata.tables.values())
        if "waits" in table.info
    ]
    tables = [
        WaitingTable(table, table.info["waits"], families if table.metadata is metadata else None)
        for table in declared
    ]
    return sorted((one for one in tables if one.waiting), key=lambda one: one.kind)
