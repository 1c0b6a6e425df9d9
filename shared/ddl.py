"""The platform's DDL, one constant per version. A released version is never edited.

Statements end in a double semicolon, because functions have single ones. `{service}` is the role prefix,
`{topics}` the list of topics that the service writes.
"""

PLATFORM_V1 = """
CREATE SCHEMA IF NOT EXISTS platform;;
GRANT USAGE ON SCHEMA platform, public TO {service}_api, {service}_worker;;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service}_api, {service}_worker;;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {service}_api, {service}_worker;;

CREATE TABLE platform.epoch (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT ck_epoch_one_row CHECK (id = 1),
    value integer NOT NULL DEFAULT 1 CONSTRAINT ck_epoch_positive CHECK (value >= 1),
    raised_at timestamptz
);;
INSERT INTO platform.epoch DEFAULT VALUES;;

CREATE TABLE platform.stream (
    topic text NOT NULL CONSTRAINT ck_stream_topic CHECK (topic IN ({topics})), key text NOT NULL,
    seq bigint NOT NULL CONSTRAINT ck_stream_seq_positive CHECK (seq >= 1),
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 70);;

CREATE SEQUENCE platform.outbox_number;;
CREATE TABLE platform.outbox (
    recorded_at timestamptz NOT NULL,
    outbox_id bigint NOT NULL DEFAULT nextval('platform.outbox_number'),
    event_id uuid NOT NULL,
    shard smallint NOT NULL,
    topic text NOT NULL CONSTRAINT ck_outbox_topic CHECK (topic IN ({topics})),
    key text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    wire text NOT NULL,
    body text CONSTRAINT ck_outbox_body_size CHECK (octet_length(body) <= 262144),
    PRIMARY KEY (recorded_at, outbox_id)
) PARTITION BY RANGE (recorded_at);;
CREATE INDEX ix_outbox_topic_key_seq ON platform.outbox (topic, key, seq);;
CREATE INDEX ix_outbox_outbox_id ON platform.outbox (outbox_id);;
CREATE TABLE platform.outbox_default PARTITION OF platform.outbox DEFAULT;;
CREATE FUNCTION platform.make_outbox_month(first date, following date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = platform, pg_temp AS $$
DECLARE name text := 'outbox_' || to_char(first, 'YYYY_MM');
BEGIN
    IF first <> date_trunc('month', first)::date OR following <> (first + interval '1 month')::date THEN
        RAISE EXCEPTION 'a partition is one calendar month';
    END IF;
    IF to_regclass('platform.' || name) IS NOT NULL THEN RETURN false; END IF;
    EXECUTE format('CREATE TABLE platform.%I PARTITION OF platform.outbox FOR VALUES FROM (%L) TO (%L)',
                   name, first || ' 00:00+00', following || ' 00:00+00');
    RETURN true;
END $$;;
REVOKE ALL ON FUNCTION platform.make_outbox_month(date, date) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION platform.make_outbox_month(date, date) TO {service}_worker;;

CREATE TABLE platform.unsent (
    shard smallint NOT NULL, outbox_id bigint PRIMARY KEY, recorded_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);;

CREATE TABLE platform.local_log (
    topic text NOT NULL, partition smallint NOT NULL, "offset" bigint NOT NULL,
    outbox_id bigint NOT NULL, recorded_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);;

CREATE TABLE platform.cursor (
    subscription text NOT NULL, topic text NOT NULL, key text NOT NULL,
    epoch integer NOT NULL DEFAULT 0, seq bigint NOT NULL DEFAULT 0, event_id uuid,
    state text NOT NULL DEFAULT 'OPEN' CONSTRAINT ck_cursor_state CHECK (state IN ('OPEN', 'GAP', 'PARKED', 'DIVERGED')),
    PRIMARY KEY (subscription, topic, key)
) WITH (fillfactor = 70);;
CREATE INDEX ix_cursor_blocked ON platform.cursor (subscription, topic, key) WHERE state <> 'OPEN';;

CREATE TABLE platform.parked (
    parked_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription text NOT NULL, topic text NOT NULL, key text,
    epoch integer, seq bigint, event_id uuid, wire text,
    partition smallint NOT NULL, "offset" bigint NOT NULL,
    body bytea NOT NULL,
    reason text NOT NULL CONSTRAINT ck_parked_reason
        CHECK (reason IN ('POISON', 'BEHIND', 'GAP', 'DIVERGENCE', 'UNDECODABLE', 'WRONG_ORIGIN')),
    error text, sqlstate text, constraint_name text,
    attempts integer NOT NULL DEFAULT 1,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_parked_place UNIQUE (subscription, topic, partition, "offset")
);;
CREATE INDEX ix_parked_subscription_parked_id ON platform.parked (subscription, parked_id);;
CREATE INDEX ix_parked_subscription_topic_key_seq ON platform.parked (subscription, topic, key, epoch, seq);;

CREATE TABLE platform.consumer_offset (
    subscription text NOT NULL, topic text NOT NULL, partition smallint NOT NULL,
    next_offset bigint NOT NULL, last_event_id uuid,
    generation integer NOT NULL DEFAULT 0, stopped text,
    PRIMARY KEY (subscription, topic, partition)
) WITH (fillfactor = 50);;

CREATE TABLE platform.idempotency (
    client text NOT NULL, method text NOT NULL, path text NOT NULL, key text NOT NULL,
    request_hash bytea NOT NULL, status smallint, headers jsonb, sealed bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(), expires_at timestamptz NOT NULL,
    PRIMARY KEY (client, method, path, key)
);;
CREATE INDEX ix_idempotency_expires_at ON platform.idempotency (expires_at);;

CREATE TABLE platform.job (
    job_id uuid PRIMARY KEY, kind text NOT NULL,
    state text NOT NULL DEFAULT 'QUEUED' CONSTRAINT ck_job_state
        CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED')),
    params jsonb NOT NULL DEFAULT '{}', place jsonb NOT NULL DEFAULT '{}',
    total bigint, done bigint NOT NULL DEFAULT 0, refused bigint NOT NULL DEFAULT 0,
    report jsonb NOT NULL DEFAULT '{}',
    actor_sub text NOT NULL, actor jsonb NOT NULL, areas text[] NOT NULL DEFAULT '{}',
    cancel_requested boolean NOT NULL DEFAULT false, attempts integer NOT NULL DEFAULT 0, error text,
    reason jsonb, lease uuid, lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(), started_at timestamptz, ended_at timestamptz,
    turn_at timestamptz NOT NULL DEFAULT clock_timestamp()
);;
CREATE INDEX ix_job_open ON platform.job (turn_at) WHERE state IN ('QUEUED', 'RUNNING');;
CREATE TABLE platform.job_row_error (
    job_id uuid NOT NULL REFERENCES platform.job (job_id), row bigint NOT NULL, number smallint NOT NULL,
    kind text NOT NULL DEFAULT 'ERROR' CONSTRAINT ck_job_row_error_kind CHECK (kind IN ('ERROR', 'WARNING', 'CHANGE')),
    "column" text, code text NOT NULL, reason jsonb NOT NULL, params jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (job_id, kind, row, number)
);;

CREATE TABLE platform.scheduled_task (
    scheduled_task_id uuid PRIMARY KEY, kind text NOT NULL, subject_id text NOT NULL,
    clock text NOT NULL CONSTRAINT ck_scheduled_task_clock CHECK (clock IN ('business', 'real')),
    due_at timestamptz NOT NULL, payload jsonb NOT NULL DEFAULT '{}',
    attempts integer NOT NULL DEFAULT 0, error text,
    lease uuid, lease_until timestamptz, done_at timestamptz, lane text,
    CONSTRAINT uq_scheduled_task_kind_subject_id UNIQUE (kind, subject_id)
);;
CREATE INDEX ix_scheduled_task_open ON platform.scheduled_task (clock, due_at) WHERE done_at IS NULL;;
CREATE INDEX ix_scheduled_task_lane ON platform.scheduled_task (lane) WHERE done_at IS NULL AND lane IS NOT NULL;;
CREATE INDEX ix_scheduled_task_leased ON platform.scheduled_task (lane) WHERE done_at IS NULL AND lane IS NOT NULL AND lease IS NOT NULL;;

CREATE TABLE platform.file (
    sha256 text PRIMARY KEY CONSTRAINT ck_file_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint NOT NULL, chunks integer NOT NULL, media_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);;
CREATE TABLE platform.file_chunk (
    sha256 text NOT NULL REFERENCES platform.file (sha256) ON DELETE CASCADE,
    number integer NOT NULL, sealed bytea NOT NULL,
    PRIMARY KEY (sha256, number)
);;

-- Who may share one piece of evidence: nobody (SUBJECT), the things of a FAMILY, those whom the paper names (NAMED), ANY.
CREATE TABLE platform.evidence_kind (
    kind text NOT NULL, valid_from date NOT NULL, source text NOT NULL,
    shared_by text NOT NULL CONSTRAINT ck_evidence_kind_shared_by CHECK (shared_by IN ('SUBJECT', 'FAMILY', 'NAMED', 'ANY')),
    PRIMARY KEY (kind, valid_from)
);;
CREATE TABLE platform.evidence_use (
    use_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sha256 text NOT NULL, kind text NOT NULL,
    subject_id uuid NOT NULL, kpm_id uuid, kode_wilayah text COLLATE "C" NOT NULL, named uuid[] NOT NULL,
    used_by text NOT NULL, used_by_sub text NOT NULL, used_at timestamptz NOT NULL
);;
CREATE INDEX ix_evidence_use_sha256 ON platform.evidence_use (sha256, use_id);;
CREATE TABLE platform.evidence_flag (
    flag_id uuid PRIMARY KEY DEFAULT uuidv7(),
    reason text NOT NULL CONSTRAINT ck_evidence_flag_reason CHECK (reason IN ('USED_BEFORE', 'ENTERED_TOGETHER')),
    sha256 text, kind text NOT NULL, subject_id uuid NOT NULL, kpm_id uuid, kode_wilayah text COLLATE "C" NOT NULL,
    earlier_use_id bigint REFERENCES platform.evidence_use (use_id),
    used_by text NOT NULL, used_by_sub text NOT NULL, flagged_at timestamptz NOT NULL,
    cleared_at timestamptz, cleared_by text, cleared_by_sub text, clearance text,
    CONSTRAINT ck_evidence_flag_earlier_use CHECK ((reason = 'USED_BEFORE') = (earlier_use_id IS NOT NULL AND sha256 IS NOT NULL)),
    CONSTRAINT ck_evidence_flag_cleared CHECK (num_nulls(cleared_at, cleared_by, cleared_by_sub, clearance) IN (0, 4)),
    CONSTRAINT ck_evidence_flag_not_by_user CHECK (cleared_by <> used_by AND cleared_by_sub <> used_by_sub)
);;
CREATE INDEX ix_evidence_flag_subject_id ON platform.evidence_flag (subject_id);;
CREATE INDEX ix_evidence_flag_kpm_id ON platform.evidence_flag (kpm_id);;
CREATE INDEX ix_evidence_flag_open ON platform.evidence_flag (kode_wilayah, flag_id) WHERE cleared_at IS NULL;;
CREATE UNIQUE INDEX uq_evidence_flag_subject_id_sha256 ON platform.evidence_flag (subject_id, sha256, reason) NULLS NOT DISTINCT;;

CREATE TABLE platform.business_clock (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT ck_business_clock_one_row CHECK (id = 1),
    offset_seconds bigint NOT NULL DEFAULT 0, set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);;
INSERT INTO platform.business_clock DEFAULT VALUES;;

-- Sets the row-security scope of the transaction. A caller with an outdated development clock must read it again.
CREATE FUNCTION platform.open_scope(scope text, areas text, pendamping text, partner text, clock bigint) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN
    PERFORM set_config('pilar.scope', scope, true), set_config('pilar.areas', areas, true),
        set_config('pilar.pendamping', pendamping, true), set_config('pilar.partner', partner, true),
        set_config('pilar.today', ((clock_timestamp() + coalesce(clock, 0) * interval '1 second')
            AT TIME ZONE 'Asia/Jakarta')::date::text, true);
    IF clock <> (SELECT offset_seconds FROM platform.business_clock) THEN
        RAISE EXCEPTION 'the business clock has moved' USING ERRCODE = 'PC001';
    END IF;
END $$;;

-- Each of these is one expression, so that the planner inlines it. A policy evaluates it for each row.
CREATE FUNCTION platform.in_scope(code text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(current_setting('pilar.areas', true), ',')
        && ARRAY['*', code, left(code, 8), left(code, 5), left(code, 2)]
$$;;
-- Whether the scope covers every family of its areas. False without a scope.
CREATE FUNCTION platform.by_area() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('pilar.scope', true) IN ('AREA', 'NATIONAL'), false)
$$;;
CREATE FUNCTION platform.pendamping() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('pilar.pendamping', true), '')::uuid
$$;;
CREATE FUNCTION platform.partner() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('pilar.partner', true), '')::uuid
$$;;
-- The business date in Jakarta at the beginning of the transaction.
CREATE FUNCTION platform.today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('pilar.today', true), '')::date
$$;;
-- The day of the work that the transaction records. Row security also shows the families accompanied on that day.
CREATE FUNCTION platform.work_day() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('pilar.work_day', true), '')::date
$$;;
-- Lets a function read past the policy that calls it: sets the scope and returns the previous one, to be restored.
-- A SET clause would do the same, but only a superuser may write one for a custom parameter.
CREATE FUNCTION platform.raise_scope(scope text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE before text := coalesce(current_setting('pilar.scope', true), '');
BEGIN
    -- An assignment is evaluated in place; PERFORM would run a query.
    scope := set_config('pilar.scope', scope, true);
    RETURN before;
END $$;;
-- Called by the triggers of state columns, which know the legal moves.
CREATE FUNCTION platform.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '% does not go from % to %', TG_TABLE_NAME, to_jsonb(OLD) ->> TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[0]
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_moves';
END $$;;
CREATE FUNCTION platform.sharing_of(evidence text, today date) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT k.shared_by FROM platform.evidence_kind k WHERE k.kind = evidence AND k.valid_from <= today
        ORDER BY k.valid_from DESC LIMIT 1), 'SUBJECT')
$$;;
-- Records a use of evidence, and flags it if it was used before for something with which it may not be shared.
-- The lock lets two transactions that use the same file see each other.
CREATE FUNCTION platform.use_evidence(hash text, evidence text, subject uuid, family uuid, area text, names uuid[],
    person text, account text, at timestamptz, today date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE sharing text := platform.sharing_of(evidence, today); earlier bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(hash, 0));
    SELECT u.use_id INTO earlier FROM platform.evidence_use u, platform.sharing_of(u.kind, today) AS theirs
    WHERE u.sha256 = hash AND u.subject_id <> subject AND NOT (
        u.kpm_id IS NOT DISTINCT FROM family AND 'SUBJECT' NOT IN (sharing, theirs)
        OR sharing = 'NAMED' AND theirs = 'NAMED' AND u.kode_wilayah = area
            AND subject = ANY (u.named) AND u.subject_id = ANY (names)
        OR sharing = 'ANY' AND theirs = 'ANY')
    ORDER BY u.use_id LIMIT 1;
    INSERT INTO platform.evidence_use (sha256, kind, subject_id, kpm_id, kode_wilayah, named, used_by, used_by_sub, used_at)
    VALUES (hash, evidence, subject, family, area, names, person, account, at);
    IF earlier IS NOT NULL THEN
        INSERT INTO platform.evidence_flag (reason, sha256, kind, subject_id, kpm_id, kode_wilayah, earlier_use_id,
            used_by, used_by_sub, flagged_at)
        VALUES ('USED_BEFORE', hash, evidence, subject, family, area, earlier, person, account, at)
        ON CONFLICT DO NOTHING;
    END IF;
END $$;;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA platform FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION platform.open_scope(text, text, text, text, bigint), platform.in_scope(text),
    platform.by_area(), platform.pendamping(), platform.partner(), platform.today(), platform.work_day(),
    platform.raise_scope(text), platform.sharing_of(text, date),
    platform.use_evidence(text, text, uuid, uuid, text, uuid[], text, text, timestamptz, date)
    TO {service}_api, {service}_worker;;

GRANT SELECT ON ALL TABLES IN SCHEMA platform TO {service}_api, {service}_worker;;
GRANT INSERT, UPDATE ON platform.stream TO {service}_api, {service}_worker;;
GRANT INSERT ON platform.outbox, platform.unsent TO {service}_api, {service}_worker;;
GRANT UPDATE (body) ON platform.outbox TO {service}_worker;;
GRANT DELETE ON platform.unsent TO {service}_worker;;
GRANT INSERT, UPDATE, DELETE ON platform.local_log, platform.cursor, platform.parked, platform.consumer_offset TO {service}_worker;;
GRANT UPDATE, DELETE ON platform.parked TO {service}_api;;
GRANT UPDATE ON platform.cursor TO {service}_api;;
GRANT INSERT, UPDATE, DELETE ON platform.idempotency TO {service}_api, {service}_worker;;
GRANT INSERT, UPDATE ON platform.job, platform.scheduled_task TO {service}_api, {service}_worker;;
GRANT INSERT, DELETE ON platform.job_row_error TO {service}_worker;;
GRANT INSERT, DELETE ON platform.file, platform.file_chunk TO {service}_api, {service}_worker;;
GRANT INSERT ON platform.evidence_use, platform.evidence_flag TO {service}_api, {service}_worker;;
GRANT UPDATE (cleared_at, cleared_by, cleared_by_sub, clearance) ON platform.evidence_flag TO {service}_api;;
GRANT UPDATE (kode_wilayah) ON platform.evidence_flag TO {service}_api, {service}_worker;;
GRANT UPDATE ON platform.business_clock TO {service}_api;;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA platform TO {service}_api, {service}_worker;;
"""
