-- What partners are told, deadlines, escalations and who serves: beside the first tables, in the same revision.
CREATE TABLE breaker_limit (
    partner_code TEXT NOT NULL,
    failures_to_open INTEGER NOT NULL,
    wait_seconds INTEGER NOT NULL,
    version INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    CONSTRAINT pk_breaker_limit PRIMARY KEY (partner_code),
    CONSTRAINT ck_breaker_limit_failures_to_open_range CHECK (failures_to_open BETWEEN 1 AND 1000),
    CONSTRAINT ck_breaker_limit_wait_seconds_range CHECK (wait_seconds BETWEEN 1 AND 86400)
);;
CREATE TABLE replica_pendamping.pendamping (
    pendamping_id UUID NOT NULL,
    from_on DATE NOT NULL,
    status VARCHAR(40) NOT NULL,
    CONSTRAINT pk_pendamping PRIMARY KEY (pendamping_id, from_on),
    CONSTRAINT ck_pendamping_pendampingstatus_known CHECK (status IN ('CALON', 'AKTIF', 'CUTI', 'NONAKTIF', 'MUTASI', 'PENSIUN', 'BERAKHIR_KONTRAK', 'DIBERHENTIKAN', 'MENINGGAL', 'UNKNOWN'))
);;
CREATE TABLE replica_pendamping.penugasan (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_penugasan PRIMARY KEY (penugasan_id)
);;
CREATE INDEX ix_penugasan_pendamping_id ON replica_pendamping.penugasan (pendamping_id);;
CREATE TABLE replica_pendamping.wilayah_tugas (
    wilayah_tugas_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_wilayah_tugas PRIMARY KEY (wilayah_tugas_id)
);;
CREATE INDEX ix_wilayah_tugas_pendamping_id ON replica_pendamping.wilayah_tugas (pendamping_id);;
CREATE TABLE sla_term (
    sla_term_id UUID NOT NULL,
    program_code TEXT,
    remind_before_days INTEGER NOT NULL,
    escalate_after_days INTEGER NOT NULL,
    expire_after_days INTEGER NOT NULL,
    close_after_days INTEGER NOT NULL,
    deliver_within_days INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    basis TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_sla_term PRIMARY KEY (sla_term_id),
    CONSTRAINT ck_sla_term_remind_before_days_range CHECK (remind_before_days BETWEEN 0 AND 364),
    CONSTRAINT ck_sla_term_escalate_after_days_range CHECK (escalate_after_days BETWEEN 1 AND 365),
    CONSTRAINT ck_sla_term_expire_after_days_range CHECK (expire_after_days BETWEEN 1 AND 1825),
    CONSTRAINT ck_sla_term_close_after_days_range CHECK (close_after_days BETWEEN 0 AND 1825),
    CONSTRAINT ck_sla_term_deliver_within_days_range CHECK (deliver_within_days BETWEEN 1 AND 1825),
    CONSTRAINT ck_sla_term_range CHECK (valid_to > valid_from),
    CONSTRAINT ex_sla_term_range EXCLUDE USING gist (coalesce(program_code, '') WITH =, daterange(valid_from, valid_to) WITH &&)
);;
CREATE TABLE breaker (
    partner_id UUID NOT NULL,
    state VARCHAR(40) NOT NULL,
    failures INTEGER NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retry_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_breaker PRIMARY KEY (partner_id),
    CONSTRAINT ck_breaker_retry_when_not_closed CHECK ((state = 'CLOSED') = (retry_at IS NULL)),
    CONSTRAINT ck_breaker_failures_not_negative CHECK (failures >= 0),
    CONSTRAINT fk_breaker_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id),
    CONSTRAINT ck_breaker_breakerstate_known CHECK (state IN ('CLOSED', 'OPEN', 'HALF_OPEN'))
);;
CREATE TABLE pause (
    sanggah_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    paused_on DATE NOT NULL,
    resumed_on DATE,
    CONSTRAINT pk_pause PRIMARY KEY (sanggah_id, rujukan_id),
    CONSTRAINT ck_pause_range CHECK (resumed_on >= paused_on),
    CONSTRAINT fk_pause_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id)
);;
CREATE INDEX ix_pause_of ON pause (rujukan_id);;
CREATE TABLE deadline (
    rujukan_program_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    due_on DATE NOT NULL,
    sla_term_id UUID NOT NULL,
    passed_on DATE,
    CONSTRAINT pk_deadline PRIMARY KEY (rujukan_program_id, kind),
    CONSTRAINT fk_deadline_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_deadline_deadlinekind_known CHECK (kind IN ('REMINDER', 'ESCALATION', 'EXPIRY')),
    CONSTRAINT fk_deadline_sla_term_id FOREIGN KEY(sla_term_id) REFERENCES sla_term (sla_term_id)
);;
CREATE TABLE escalation (
    escalation_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    kode_wilayah TEXT NOT NULL,
    awaited VARCHAR(40) NOT NULL,
    sla_due_on DATE NOT NULL,
    raised_on DATE NOT NULL,
    settled_on DATE,
    acknowledged_on DATE,
    acknowledged_by TEXT,
    note TEXT,
    CONSTRAINT pk_escalation PRIMARY KEY (escalation_id),
    CONSTRAINT ck_escalation_awaited_known CHECK (awaited IN ('ANSWER', 'DELIVERY')),
    CONSTRAINT uq_escalation_once UNIQUE (rujukan_program_id, sla_due_on),
    CONSTRAINT ck_escalation_settled_after CHECK (settled_on >= raised_on),
    CONSTRAINT ck_escalation_acknowledged_whole CHECK ((acknowledged_on IS NULL) = (acknowledged_by IS NULL) AND (acknowledged_on IS NULL) = (note IS NULL)),
    CONSTRAINT fk_escalation_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);;
CREATE INDEX ix_escalation_open ON escalation (escalation_id) WHERE acknowledged_on IS NULL AND settled_on IS NULL;;
CREATE TABLE outcome_task (
    rujukan_program_id UUID NOT NULL,
    month INTEGER NOT NULL,
    kpm_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    kode_wilayah TEXT NOT NULL,
    due_on DATE NOT NULL,
    closed_on DATE,
    CONSTRAINT pk_outcome_task PRIMARY KEY (rujukan_program_id, month),
    CONSTRAINT ck_outcome_task_month_positive CHECK (month > 0),
    CONSTRAINT fk_outcome_task_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);;
CREATE INDEX ix_outcome_task_kpm_id ON outcome_task (kpm_id) WHERE closed_on IS NULL;;
CREATE INDEX ix_outcome_task_open ON outcome_task (due_on, rujukan_program_id, month) WHERE closed_on IS NULL;;
CREATE TABLE partner_notice (
    notice_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    notice VARCHAR(40) NOT NULL,
    "on" DATE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE,
    taken_by TEXT,
    CONSTRAINT pk_partner_notice PRIMARY KEY (notice_id),
    CONSTRAINT ck_partner_notice_taken_whole CHECK ((taken_at IS NULL) = (taken_by IS NULL)),
    CONSTRAINT fk_partner_notice_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_partner_notice_notice_known CHECK (notice IN ('RUJUKAN', 'DICABUT', 'PENGINGAT', 'PENGINGAT_PENYALURAN', 'KEDALUWARSA'))
);;
CREATE INDEX ix_partner_notice_of ON partner_notice (rujukan_program_id);;
CREATE INDEX ix_partner_notice_told ON partner_notice (partner_id, told_at, notice_id);;
CREATE INDEX ix_partner_notice_waiting ON partner_notice (partner_id, told_at, notice_id) WHERE taken_at IS NULL;;
CREATE TABLE inbox_read (
    read_id UUID NOT NULL,
    notice_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    by TEXT NOT NULL,
    purpose TEXT NOT NULL,
    fields TEXT[] NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_inbox_read PRIMARY KEY (read_id),
    CONSTRAINT fk_inbox_read_notice_id FOREIGN KEY(notice_id) REFERENCES partner_notice (notice_id),
    CONSTRAINT fk_inbox_read_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);;
CREATE INDEX ix_inbox_read_notice_id ON inbox_read (notice_id);;
CREATE INDEX ix_inbox_read_of ON inbox_read (rujukan_program_id, read_id);;
REVOKE UPDATE, DELETE ON sla_term, inbox_read FROM referral_api, referral_worker;;
GRANT UPDATE (valid_to) ON sla_term TO referral_api;;
REVOKE DELETE ON partner_notice, deadline, escalation, pause, outcome_task, breaker, breaker_limit FROM referral_api, referral_worker;;

-- What a partner reads in its inbox: the one way by which the api role sees a sealed identity, and only under the
-- scope of the partner that was told of the rujukan, while the consent is in force and nothing is paused.
CREATE FUNCTION identity_for_partner(subject uuid) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.sealed FROM identity i
    JOIN rujukan_program p ON p.rujukan_program_id = i.for_id
    JOIN rujukan r ON r.rujukan_id = p.rujukan_id
    JOIN consent c ON c.rujukan_program_id = i.for_id
    WHERE i.for_id = subject AND c.withdrawn_on IS NULL AND r.state = 'TERBUKA' AND NOT r.paused
      AND p.shared_at IS NOT NULL
      AND p.partner_id = platform.partner()
$$;;
REVOKE ALL ON FUNCTION identity_for_partner(uuid) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION identity_for_partner(uuid) TO referral_api;;

-- Whoever sees a rujukan program (rujukan) sees and writes what hangs on it; the worker passes row security.
DO $$
DECLARE held text;
BEGIN
    FOREACH held IN ARRAY ARRAY['partner_notice', 'inbox_read', 'deadline', 'escalation', 'outcome_task'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY; ALTER TABLE %1$I FORCE ROW LEVEL SECURITY', held);
        EXECUTE format('CREATE POLICY whose ON %I USING (EXISTS (SELECT FROM rujukan_program p'
            ' WHERE p.rujukan_program_id = %1$I.rujukan_program_id))', held);
    END LOOP;
END $$;;
ALTER TABLE pause ENABLE ROW LEVEL SECURITY;;
ALTER TABLE pause FORCE ROW LEVEL SECURITY;;
CREATE POLICY whose ON pause USING (EXISTS (SELECT FROM rujukan r WHERE r.rujukan_id = pause.rujukan_id));;
ALTER TABLE identity ENABLE ROW LEVEL SECURITY;;
ALTER TABLE identity FORCE ROW LEVEL SECURITY;;
CREATE POLICY whose ON identity USING (EXISTS (SELECT FROM rujukan_program p WHERE p.rujukan_program_id = identity.for_id));;

INSERT INTO sla_term (sla_term_id, program_code, remind_before_days, escalate_after_days, expire_after_days,
    close_after_days, deliver_within_days, valid_from, basis, set_by) VALUES
    ('019a0000-0000-7000-8000-000000000001', NULL, 3, 1, 90, 90, 60, '2020-01-01',
    'Isi pertama, sampai ditetapkan per program', 'system:referral');;

INSERT INTO breaker_limit (partner_code, failures_to_open, wait_seconds, version, set_by)
    VALUES ('*', 5, 60, 1, 'system:referral');;
