from services.graduation.tables import Table
from shared.database.models import load_models
from shared.migrating import run

load_models("graduation")
run("graduation", Table.metadata)
