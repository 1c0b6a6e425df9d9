"""The DDL of the audit trail, a part of the platform's first version.

The roles of a service may add rows and read them. Nobody but a superuser may change or delete one.
"""

AUDIT_V1 = """
CREATE TABLE platform.audit_entry (
    at timestamptz NOT NULL, audit_id uuid NOT NULL,
    transaction_id bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    writer_id uuid, number bigint,
    actor text NOT NULL, pendamping_id uuid, roles text[] NOT NULL, areas text[] NOT NULL, partner_id uuid,
    purpose text, kode_wilayah text, act text NOT NULL, resource text NOT NULL,
    subject_ids uuid[] NOT NULL, subject_count integer NOT NULL, id_hash bytea, field_classes text[] NOT NULL,
    outcome text NOT NULL CONSTRAINT ck_audit_entry_outcome CHECK (outcome IN ('READ', 'CHANGED', 'DENIED')),
    status smallint NOT NULL, request_id text NOT NULL, mac bytea NOT NULL,
    PRIMARY KEY (at, audit_id)
) PARTITION BY RANGE (at);;
CREATE INDEX ix_audit_entry_transaction_id ON platform.audit_entry (transaction_id, audit_id);;
CREATE INDEX ix_audit_entry_actor ON platform.audit_entry (actor, at, audit_id);;
CREATE INDEX ix_audit_entry_subject_ids ON platform.audit_entry USING gin (subject_ids);;
CREATE INDEX ix_audit_entry_denied ON platform.audit_entry (at, audit_id) WHERE outcome = 'DENIED';;
CREATE INDEX ix_audit_entry_kode_wilayah ON platform.audit_entry (kode_wilayah, at, audit_id)
    WHERE kode_wilayah IS NOT NULL;;
CREATE TABLE platform.audit_entry_default PARTITION OF platform.audit_entry DEFAULT;;

CREATE TABLE platform.audit_block (
    block_no bigint PRIMARY KEY CONSTRAINT ck_audit_block_number CHECK (block_no >= 1),
    closed_at timestamptz NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL,
    entry_count integer NOT NULL CONSTRAINT ck_audit_block_count CHECK (entry_count = cardinality(entry_ids)),
    last_transaction_id bigint NOT NULL, last_audit_id uuid NOT NULL,
    entry_ids uuid[] NOT NULL, entry_times timestamptz[] NOT NULL, digests bytea[] NOT NULL,
    faulty_ids uuid[] NOT NULL,
    merkle_root bytea NOT NULL, previous_hash bytea NOT NULL, block_hash bytea NOT NULL,
    signature bytea NOT NULL, public_key bytea NOT NULL
);;
CREATE INDEX ix_audit_block_faulty ON platform.audit_block (block_no) WHERE faulty_ids <> '{}';;
CREATE TABLE platform.audit_witness (
    service text NOT NULL, block_no bigint NOT NULL, closed_at timestamptz NOT NULL, entry_count integer NOT NULL,
    merkle_root bytea NOT NULL, previous_hash bytea NOT NULL, block_hash bytea NOT NULL,
    signature bytea NOT NULL, public_key bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (service, block_no)
);;

-- From how many families that one account reads in so many minutes on it is reported. An entry names at most 1,000.
CREATE TABLE platform.bulk_read_limit (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT ck_bulk_read_limit_one_row CHECK (id = 1),
    families integer NOT NULL DEFAULT 1000 CONSTRAINT ck_bulk_read_limit_families CHECK (families BETWEEN 1 AND 1000),
    minutes integer NOT NULL DEFAULT 60 CONSTRAINT ck_bulk_read_limit_minutes CHECK (minutes BETWEEN 1 AND 1440)
);;
INSERT INTO platform.bulk_read_limit DEFAULT VALUES;;
CREATE TABLE platform.bulk_read (
    bulk_read_id uuid PRIMARY KEY, actor text NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL,
    families integer NOT NULL, reported_at timestamptz NOT NULL DEFAULT clock_timestamp()
);;
CREATE INDEX ix_bulk_read_actor ON platform.bulk_read (actor, last_at);;
"""

AUDIT_RIGHTS_V1 = """
GRANT INSERT ON platform.audit_entry TO {service}_api, {service}_worker;;
GRANT INSERT ON platform.audit_block, platform.audit_witness, platform.bulk_read TO {service}_worker;;
"""
