-- How a policy comes into force, as of revision 0001 (models/policy.py): drafted by one, approved by two others.

CREATE TABLE policy_approval (
    policy_id UUID NOT NULL,
    person TEXT NOT NULL,
    drafted_by TEXT NOT NULL,
    drafted_by_sub TEXT NOT NULL,
    sub TEXT NOT NULL,
    note TEXT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_policy_approval PRIMARY KEY (policy_id, person),
    CONSTRAINT fk_policy_approval_policy_id FOREIGN KEY(policy_id, drafted_by, drafted_by_sub) REFERENCES policy (policy_id, drafted_by, drafted_by_sub),
    CONSTRAINT uq_policy_approval_sub UNIQUE (policy_id, sub),
    CONSTRAINT ck_policy_approval_not_by_the_drafter CHECK (person <> drafted_by AND sub <> drafted_by_sub)
);;

ALTER TABLE policy ADD CONSTRAINT fk_policy_first_approver FOREIGN KEY (policy_id, first_approver) REFERENCES policy_approval (policy_id, person);;

ALTER TABLE policy ADD CONSTRAINT fk_policy_second_approver FOREIGN KEY (policy_id, second_approver) REFERENCES policy_approval (policy_id, person);;

-- Taken back before it was activated: the draft and its approvals stay.
CREATE TABLE policy_withdrawal (
    policy_id UUID NOT NULL,
    person TEXT NOT NULL,
    sub TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_policy_withdrawal PRIMARY KEY (policy_id),
    CONSTRAINT uq_policy_withdrawal_person UNIQUE (policy_id, person),
    CONSTRAINT fk_policy_withdrawal_policy_id FOREIGN KEY(policy_id) REFERENCES policy (policy_id)
);;

ALTER TABLE policy ADD CONSTRAINT fk_policy_withdrawn_by FOREIGN KEY (policy_id, withdrawn_by) REFERENCES policy_withdrawal (policy_id, person);;

-- The content of a version is written once, and no service role can say that a row came with a migration.
REVOKE INSERT, UPDATE, DELETE ON policy FROM graduation_api, graduation_worker;;

GRANT INSERT (policy_id, exit_reason, version, drafted_by, drafted_by_sub, drafted_at, reason, opened_by, stages, four_people, needs_score,
  needs_statement, needs_komponen_ended, counts, opens_rujukan, sanggah_length, sanggah_unit, sanggah_starts_from,
  monitoring_months, follow_up_months, survival_months, check_days, instrument_id, credit_rule_version, evidence_for, candidate_desil_scope, candidate_desil_at_least,
  candidate_usaha_months, candidate_program_years, candidate_komponen_months, candidate_reasons) ON policy TO graduation_api;;

GRANT UPDATE (valid_from, valid_to, first_approver, second_approver, activated_by, activated_on, withdrawn_by, withdrawn_on) ON policy TO graduation_api;;

REVOKE UPDATE, DELETE ON instrument, indicator, policy_approval, policy_withdrawal FROM graduation_api, graduation_worker;;
