from typing import Any

import sqlalchemy as sa

from services.graduation.case.models import Stage
from services.graduation.review.models import StageAct
from shared.access import Actor
from shared.database import acted_by


def acted_in_other_stage(graduasi_id: Any, actor: Actor, stage: Stage) -> sa.ColumnElement[bool]:
    """Return the condition that the actor acted in another stage of the case."""
    acts = sa.select(StageAct.stage_act_id).where(
        StageAct.graduasi_id == graduasi_id,
        acted_by(actor, StageAct.person, StageAct.sub),
        StageAct.stage != stage,
    )
    return acts.exists()
