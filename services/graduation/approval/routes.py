from services.graduation.approval.commands import FORM
from shared.http.approvals import approval_router

router = approval_router(FORM)
