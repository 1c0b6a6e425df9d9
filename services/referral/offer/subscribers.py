"""A graduation or a relapse opens a rujukan."""

from services.referral.offer.commands.new_rujukan import open_rujukan
from services.referral.offer.commands.relapse import open_relapse_rujukan, withdraw_relapse_rujukan
from services.referral.subscriptions import graduation
from shared.contracts.graduation import GraduasiDetermined, RelapseConfirmed, RelapseReversed

graduation.on(GraduasiDetermined)(open_rujukan)
graduation.on(RelapseConfirmed)(open_relapse_rujukan)
graduation.on(RelapseReversed)(withdraw_relapse_rujukan)
