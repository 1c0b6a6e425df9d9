from services.caseload.models import Table
from shared.migrating import run

run("caseload", Table.metadata)
