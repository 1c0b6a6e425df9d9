from typing import Any

import sqlalchemy as sa

from services.graduation.case.models import Stage, StageAct
from shared.access import Actor
from shared.database import acted_by


def acted_elsewhere(graduasi_id: Any, actor: Actor, stage: Stage) -> sa.ColumnElement[bool]:
    """Whether the caller acted in another stage of the case, so that this one is not theirs."""
    acts = sa.select(StageAct.stage_act_id).where(
        StageAct.graduasi_id == graduasi_id,
        acted_by(actor, StageAct.person, StageAct.sub),
        StageAct.stage != stage,
    )
    return acts.exists()
