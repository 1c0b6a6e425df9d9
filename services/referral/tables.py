"""The base of referral's tables."""

from sqlmodel._compat import SQLModelConfig

from shared.database.tables import Columns, Fields, service_registry
from shared.deadlines import Families


class Table(Columns, registry=service_registry()):
    """A table of referral."""


Table.metadata.info["families"] = Families("replica_kpm.dampingan")


class PartialView(Fields):
    """A view from which some actors do not get the fields with a default."""

    model_config = SQLModelConfig(json_schema_serialization_defaults_required=False)
