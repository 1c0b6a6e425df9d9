from services.referral.models import Table
from shared.migrating import run

run("referral", Table.metadata)
