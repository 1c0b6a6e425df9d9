"""Which families fit a program, and why others do not."""

from collections.abc import Callable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.referral.matching.queries import HAS_AID
from services.referral.matching.rules.matching import Family, ends_of, match, select_running_usaha
from services.referral.program.models import Program, ProgramRule
from services.referral.replicas.models import Kpm, KpmFacts, Usaha, UsahaFacts
from services.referral.rujukan.models import RujukanProgram
from services.referral.visibility import select_accompanied_families
from shared.access import Actor, Scope
from shared.areas import in_areas

ORDER = (Kpm.kode_wilayah, Kpm.kpm_id)


def select_families(actor: Actor, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Select the families in the actor's scope with all facts that rules use."""
    pairs = [part for name in UsahaFacts.model_fields for part in (name, getattr(Usaha, name))]
    usaha = sa.select(
        sa.func.coalesce(sa.func.jsonb_agg(sa.func.jsonb_build_object(*pairs)), sa.text("'[]'"))
    )
    usaha = usaha.where(Usaha.kpm_id == Kpm.kpm_id)
    own = RujukanProgram.kpm_id == Kpm.kpm_id
    aid = sa.select(RujukanProgram.program_code).where(own, HAS_AID)
    refused = sa.select(RujukanProgram.refusal_code).where(own, RujukanProgram.refusal_code.is_not(None))
    kpm = [getattr(Kpm, name) for name in ("kpm_id", *KpmFacts.model_fields, "former_members")]
    statement = sa.select(
        *kpm,
        sa.type_coerce(usaha.correlate(Kpm).scalar_subquery(), JSONB).label("usaha"),
        sa.func.array(aid.correlate(Kpm).scalar_subquery(), type_=ARRAY(sa.Text)).label("aid"),
        sa.func.array(refused.correlate(Kpm).scalar_subquery(), type_=ARRAY(sa.Text)).label("refusals"),
    )
    return statement.where(_in_scope(actor, on), sa.or_(Kpm.ended_on.is_(None), Kpm.ended_on > on))


def _in_scope(actor: Actor, on: date) -> sa.ColumnElement[bool]:
    if actor.scope is Scope.OWN_FAMILIES:
        return Kpm.kpm_id.in_(select_accompanied_families(actor, on))
    return in_areas(Kpm.kode_wilayah, actor.areas)


def make_judge(
    program: Program, rules: Sequence[ProgramRule], on: date, fits: bool | None
) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """Return a function that judges a selected row.

    It returns None if `fits` excludes the row.
    """

    def judge_row(row: dict[str, Any]) -> dict[str, Any] | None:
        result = match(program, rules, _family(row, on))
        if fits is not None and result.fits is not fits:
            return None
        reasons = [reason.as_json() for reason in result.reasons]
        place = {"kpm_id": row["kpm_id"], "kode_wilayah": row["kode_wilayah"]}
        return {**place, "fits": result.fits, "reasons": reasons}

    return judge_row


def _family(row: dict[str, Any], on: date) -> Family:
    # Fast path: 6 µs a family and 5 µs a business. Rows of the tables take 30 and 47 µs.
    usaha = [UsahaFacts.model_validate(one) for one in sorted(row["usaha"], key=itemgetter("usaha_id"))]
    return Family(
        KpmFacts.model_validate(row),
        select_running_usaha(usaha, on, row["former_members"]),
        on,
        frozenset(row["aid"]),
        frozenset(row["refusals"]),
        ends_of(usaha),
    )
