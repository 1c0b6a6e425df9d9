from services.caseload.tables import Table
from shared.database.models import load_models
from shared.migrating import run

load_models("caseload")
run("caseload", Table.metadata)
