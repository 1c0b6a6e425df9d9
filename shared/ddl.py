"""The platform's DDL, one constant per version. A released version is never edited.

Statements end in a double semicolon, because functions have single ones. `{service}` is the role prefix,
`{topics}` the list of topics that the service writes.
"""

from shared.audit.ddl import AUDIT_RIGHTS_V1, AUDIT_V1

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
{audit}
CREATE FUNCTION platform.make_month(first date, following date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = platform, pg_temp AS $$
DECLARE parent text; name text; made boolean := false;
BEGIN
    IF first <> date_trunc('month', first)::date OR following <> (first + interval '1 month')::date THEN
        RAISE EXCEPTION 'a partition is one calendar month';
    END IF;
    FOREACH parent IN ARRAY ARRAY['outbox', 'audit_entry'] LOOP
        name := parent || '_' || to_char(first, 'YYYY_MM');
        CONTINUE WHEN to_regclass('platform.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE platform.%I PARTITION OF platform.%I FOR VALUES FROM (%L) TO (%L)',
                       name, parent, first || ' 00:00+00', following || ' 00:00+00');
        made := true;
    END LOOP;
    RETURN made;
END $$;;
REVOKE ALL ON FUNCTION platform.make_month(date, date) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION platform.make_month(date, date) TO {service}_worker;;

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
-- Takes the key of a request, and returns no row if another request has it already. A concurrent one is awaited.
-- The parameters are client, method, path, key, hash of the request, and when the key expires.
CREATE FUNCTION platform.take_key(text, text, text, text, bytea, timestamptz) RETURNS SETOF integer LANGUAGE sql AS $$
    INSERT INTO platform.idempotency (client, method, path, key, request_hash, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (client, method, path, key) DO UPDATE SET request_hash = EXCLUDED.request_hash,
        status = NULL, headers = NULL, sealed = NULL, created_at = clock_timestamp(), expires_at = EXCLUDED.expires_at
    WHERE idempotency.expires_at < clock_timestamp() RETURNING 1
$$;;

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
    turn_at timestamptz NOT NULL DEFAULT clock_timestamp(), updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);;
CREATE INDEX ix_job_actor_sub ON platform.job (actor_sub, job_id);;
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

{file}
-- How long a state may wait, and who is called after that. '*' is every subject, or every state.
CREATE TABLE platform.deadline_rule (
    deadline_rule_id uuid PRIMARY KEY, subject_kind text NOT NULL, state text NOT NULL, owner text,
    days integer NOT NULL CONSTRAINT ck_deadline_rule_days CHECK (days BETWEEN 1 AND 3650),
    escalate_to jsonb NOT NULL CONSTRAINT ck_deadline_rule_escalate_to CHECK (jsonb_typeof(escalate_to) = 'array'),
    basis text NOT NULL, valid_from date NOT NULL,
    valid_to date CONSTRAINT ck_deadline_rule_range CHECK (valid_to > valid_from),
    set_by text NOT NULL, set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT ex_deadline_rule_range EXCLUDE USING gist
        (subject_kind WITH =, state WITH =, daterange(valid_from, valid_to) WITH &&)
);;
CREATE TABLE platform.overdue (
    overdue_id uuid PRIMARY KEY, subject_kind text NOT NULL, subject_id text NOT NULL, state text NOT NULL,
    kpm_id uuid, kode_wilayah text COLLATE "C" NOT NULL, since_on date NOT NULL, due_on date NOT NULL,
    owner text NOT NULL,
    level smallint NOT NULL CONSTRAINT ck_overdue_level CHECK (level >= 0), escalated_to text,
    noted_on date NOT NULL, resolved_on date
) WITH (fillfactor = 70);;
CREATE UNIQUE INDEX uq_overdue_open ON platform.overdue (subject_kind, subject_id, state) WHERE resolved_on IS NULL;;
CREATE INDEX ix_overdue_due_on ON platform.overdue (due_on, overdue_id) WHERE resolved_on IS NULL;;
CREATE INDEX ix_overdue_kode_wilayah ON platform.overdue (kode_wilayah, due_on) WHERE resolved_on IS NULL;;
CREATE INDEX ix_overdue_kpm_id ON platform.overdue (kpm_id) WHERE resolved_on IS NULL;;
INSERT INTO platform.scheduled_task (scheduled_task_id, kind, subject_id, clock, due_at) VALUES
    (uuidv7(), 'overdue.write', '{service}', 'business', '2000-01-01');;

CREATE TABLE platform.business_clock (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT ck_business_clock_one_row CHECK (id = 1),
    offset_seconds bigint NOT NULL DEFAULT 0, set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);;
INSERT INTO platform.business_clock DEFAULT VALUES;;

-- Sets the row-security scope of the transaction. A caller with an outdated development clock must read it again.
CREATE FUNCTION platform.open_scope(scope text, areas text, pendamping text, partner text, ditjen text, clock bigint) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN
    PERFORM set_config('pilar.scope', scope, true), set_config('pilar.areas', areas, true),
        set_config('pilar.pendamping', pendamping, true), set_config('pilar.partner', partner, true),
        set_config('pilar.ditjen', ditjen, true),
        set_config('pilar.today', ((clock_timestamp() + coalesce(clock, 0) * interval '1 second')
            AT TIME ZONE 'Asia/Jakarta')::date::text, true);
    -- Two conditions, so that production, whose clock is not set, runs no query.
    IF clock IS NOT NULL THEN
        IF clock <> (SELECT offset_seconds FROM platform.business_clock) THEN
            RAISE EXCEPTION 'the business clock has moved' USING ERRCODE = 'PC001';
        END IF;
    END IF;
END $$;;

-- Each of these is one expression, so that the planner inlines it. A policy evaluates it for each row.
CREATE FUNCTION platform.in_scope(code text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('pilar.scope', true) = 'NATIONAL' OR string_to_array(current_setting('pilar.areas', true), ',')
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
-- The ditjen of the scope, NULL in every other scope.
CREATE FUNCTION platform.ditjen() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE current_setting('pilar.scope', true) WHEN 'DITJEN' THEN current_setting('pilar.ditjen', true) END
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
-- NATIONAL covers every area.
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
-- Called by the triggers of tables with updated_at (shared/updates.py).
CREATE FUNCTION platform.set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;;
{evidence}
CREATE TRIGGER updated BEFORE UPDATE ON platform.job FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();;
CREATE TRIGGER updated BEFORE UPDATE ON platform.evidence_flag FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();;
-- Counts what is overdue in the whole country, for the metrics, which have no scope.
CREATE FUNCTION platform.count_overdue() RETURNS TABLE (subject_kind text, level smallint, rows bigint)
LANGUAGE plpgsql AS $$
DECLARE scope text := platform.raise_scope('NATIONAL');
BEGIN
    RETURN QUERY SELECT o.subject_kind, o.level, count(*) FROM platform.overdue o WHERE o.resolved_on IS NULL GROUP BY 1, 2;
    scope := platform.raise_scope(scope);
END $$;;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA platform FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION platform.open_scope(text, text, text, text, text, bigint), platform.in_scope(text),
    platform.take_key(text, text, text, text, bytea, timestamptz),
    platform.by_area(), platform.pendamping(), platform.partner(), platform.ditjen(), platform.today(), platform.work_day(),
    platform.raise_scope(text), platform.count_overdue(), platform.sharing_of(text, date),
    platform.use_evidence(text, text, uuid, uuid, text, uuid[], text, text, timestamptz, date), platform.list_flagged(uuid[]),
    platform.list_families_of_file(text)
    TO {service}_api, {service}_worker;;

GRANT SELECT ON ALL TABLES IN SCHEMA platform TO {service}_api, {service}_worker;;
-- The api role writes events, and reads the body of none: neither of those it wrote nor of parked ones.
REVOKE SELECT ON platform.outbox, platform.outbox_default, platform.local_log, platform.parked FROM {service}_api;;
GRANT SELECT (shard, outbox_id, recorded_at) ON platform.outbox TO {service}_api;;
GRANT SELECT (parked_id, subscription, topic, key, epoch, seq, event_id, wire, reason, error, sqlstate, constraint_name,
    attempts, parked_at) ON platform.parked TO {service}_api;;
GRANT INSERT, UPDATE ON platform.stream TO {service}_api, {service}_worker;;
GRANT INSERT ON platform.outbox, platform.unsent TO {service}_api, {service}_worker;;
GRANT UPDATE (body) ON platform.outbox TO {service}_worker;;
GRANT DELETE ON platform.unsent TO {service}_worker;;
GRANT INSERT, UPDATE, DELETE ON platform.local_log, platform.cursor, platform.parked, platform.consumer_offset TO {service}_worker;;
GRANT INSERT, UPDATE, DELETE ON platform.idempotency TO {service}_api, {service}_worker;;
GRANT INSERT, UPDATE ON platform.job, platform.scheduled_task TO {service}_api, {service}_worker;;
GRANT INSERT, DELETE ON platform.job_row_error TO {service}_worker;;
GRANT INSERT ON platform.file, platform.file_chunk, platform.file_upload, platform.file_use TO {service}_api, {service}_worker;;
GRANT UPDATE (expires_at) ON platform.file TO {service}_api, {service}_worker;;
GRANT UPDATE (uploaded_at) ON platform.file_upload TO {service}_api, {service}_worker;;
GRANT DELETE ON platform.file TO {service}_worker;;
GRANT INSERT, UPDATE, DELETE ON platform.upload, platform.upload_part TO {service}_api, {service}_worker;;
GRANT INSERT ON platform.evidence_use, platform.evidence_flag TO {service}_api, {service}_worker;;
GRANT UPDATE (cleared_at, cleared_by, cleared_by_sub, clearance_sealed) ON platform.evidence_flag TO {service}_api;;
GRANT UPDATE (kode_wilayah) ON platform.evidence_flag TO {service}_api, {service}_worker;;
GRANT UPDATE ON platform.business_clock TO {service}_api;;
GRANT INSERT, UPDATE (valid_to) ON platform.deadline_rule TO {service}_api;;
GRANT INSERT, UPDATE ON platform.overdue TO {service}_worker;;
{audit_rights}
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA platform TO {service}_api, {service}_worker;;
""".replace("{audit}", AUDIT_V1).replace("{audit_rights}", AUDIT_RIGHTS_V1)
