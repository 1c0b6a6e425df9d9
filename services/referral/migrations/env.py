from shared.migrations import run

run("referral")
