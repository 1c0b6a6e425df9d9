from services.referral.tables import Table
from shared.database.models import load_models
from shared.migrating import run

load_models("referral")
run("referral", Table.metadata)
