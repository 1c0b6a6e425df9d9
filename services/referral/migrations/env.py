from shared.migrating import run

run("referral")
