from services.graduation.models import Table
from shared.migrating import run

run("graduation", Table.metadata)
