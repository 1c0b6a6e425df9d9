"""Places: quotas per area and who holds them, intake windows, waiting lists. The database itself counts what is taken."""

from alembic import op

revision = "0002_places"
down_revision = "0001"

TABLES = """
CREATE TABLE program_quota (
    quota_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    kode_wilayah TEXT NOT NULL,
    places INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_program_quota PRIMARY KEY (quota_id),
    CONSTRAINT ex_program_quota_range EXCLUDE USING gist
        (program_code WITH =, kode_wilayah WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_program_quota_never_over_reserved CHECK (taken BETWEEN 0 AND places),
    CONSTRAINT ck_program_quota_waiting_not_negative CHECK (waiting >= 0),
    CONSTRAINT ck_program_quota_some_day CHECK (valid_to > valid_from),
    CONSTRAINT ck_program_quota_version_positive CHECK (version >= 1)
);;
CREATE TABLE program_quota_change (
    quota_id UUID NOT NULL,
    version INTEGER NOT NULL,
    places INTEGER NOT NULL,
    valid_to DATE,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_program_quota_change PRIMARY KEY (quota_id, version),
    CONSTRAINT fk_program_quota_change_quota_id FOREIGN KEY(quota_id) REFERENCES program_quota (quota_id)
);;
CREATE TABLE quota_place (
    place_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    quota_id UUID NOT NULL,
    taken_on DATE NOT NULL,
    released_on DATE,
    released_as TEXT,
    CONSTRAINT pk_quota_place PRIMARY KEY (place_id),
    CONSTRAINT ck_quota_place_release_whole CHECK ((released_on IS NULL) = (released_as IS NULL)),
    CONSTRAINT ck_quota_place_released_after CHECK (released_on >= taken_on),
    CONSTRAINT fk_quota_place_rujukan_program_id FOREIGN KEY(rujukan_program_id)
        REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT fk_quota_place_quota_id FOREIGN KEY(quota_id) REFERENCES program_quota (quota_id)
);;
CREATE UNIQUE INDEX uq_quota_place_held ON quota_place (rujukan_program_id, quota_id) WHERE released_on IS NULL;;
CREATE INDEX ix_quota_place_quota_id ON quota_place (quota_id);;
CREATE TABLE intake_window (
    window_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    opens_on DATE NOT NULL,
    closes_on DATE,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_intake_window PRIMARY KEY (window_id),
    CONSTRAINT ex_intake_window_range EXCLUDE USING gist
        (program_code WITH =, daterange(opens_on, closes_on) WITH &&),
    CONSTRAINT ck_intake_window_some_day CHECK (closes_on > opens_on)
);;
CREATE TABLE waiting (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    rujukan_program_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    kode_wilayah TEXT NOT NULL,
    reason VARCHAR(40) NOT NULL,
    quota_id UUID,
    since_on DATE NOT NULL,
    left_on DATE,
    left_as TEXT,
    CONSTRAINT pk_waiting PRIMARY KEY (number),
    CONSTRAINT ck_waiting_leaving_whole CHECK ((left_on IS NULL) = (left_as IS NULL)),
    CONSTRAINT ck_waiting_left_after CHECK (left_on >= since_on),
    CONSTRAINT ck_waiting_quota_that_is_full CHECK ((quota_id IS NULL) = (reason <> 'KUOTA_PENUH')),
    CONSTRAINT ck_waiting_waitingreason_known CHECK
        (reason IN ('KUOTA_PENUH', 'TANPA_KUOTA', 'PENERIMAAN_TUTUP', 'DAFTAR_MITRA')),
    CONSTRAINT fk_waiting_rujukan_program_id FOREIGN KEY(rujukan_program_id)
        REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT fk_waiting_quota_id FOREIGN KEY(quota_id) REFERENCES program_quota (quota_id)
);;
CREATE UNIQUE INDEX uq_waiting_once ON waiting (rujukan_program_id) WHERE left_on IS NULL;;
CREATE INDEX ix_waiting_order ON waiting (program_code, number) WHERE left_on IS NULL;;
"""

# The CHECK on `taken` refuses the place that is not there, whoever asks and however many at once.
COUNTING = """
CREATE FUNCTION count_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE program_quota SET taken = taken + 1 WHERE quota_id = NEW.quota_id;
    ELSIF OLD.released_on IS NOT NULL OR NEW.released_on IS NULL OR NEW.quota_id <> OLD.quota_id THEN
        RAISE EXCEPTION 'a place is given back once, and is never changed' USING ERRCODE = 'check_violation';
    ELSE
        UPDATE program_quota SET taken = taken - 1 WHERE quota_id = NEW.quota_id;
    END IF;
    RETURN NULL;
END $$;;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON quota_place FOR EACH ROW EXECUTE FUNCTION count_place();;
CREATE FUNCTION count_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.left_on IS NOT NULL THEN
        RAISE EXCEPTION 'a line of the waiting list that was left stays' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.quota_id IS NOT NULL THEN
        UPDATE program_quota SET waiting = waiting - 1 WHERE quota_id = OLD.quota_id;
    END IF;
    IF NEW.quota_id IS NOT NULL AND NEW.left_on IS NULL THEN
        UPDATE program_quota SET waiting = waiting + 1 WHERE quota_id = NEW.quota_id;
    END IF;
    RETURN NULL;
END $$;;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON waiting FOR EACH ROW EXECUTE FUNCTION count_waiting();;
"""

# The length of the line is no secret of a family: a pendamping counts all who wait in their areas.
AHEAD = """
CREATE FUNCTION waiting_ahead(code text, before bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('AREA'); ahead bigint;
BEGIN
    SELECT count(*) INTO ahead FROM waiting w
        WHERE w.program_code = code AND w.left_on IS NULL AND w.number < before;
    scope := platform.raise_scope(scope);
    RETURN ahead;
END $$;;
REVOKE ALL ON FUNCTION waiting_ahead(text, bigint) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION waiting_ahead(text, bigint) TO referral_api, referral_worker;;
"""

KEPT = """
REVOKE UPDATE, DELETE ON program_quota_change FROM referral_api, referral_worker;;
REVOKE DELETE ON program_quota, quota_place, waiting FROM referral_api, referral_worker;;
REVOKE DELETE ON intake_window FROM referral_api, referral_worker;;
"""

HELD = "EXISTS (SELECT FROM rujukan_program p WHERE p.rujukan_program_id = {table}.rujukan_program_id)"


def upgrade() -> None:
    for script in (TABLES, COUNTING, AHEAD, KEPT):
        for statement in filter(str.strip, script.split(";;")):
            op.execute(statement)
    for table in ("quota_place", "waiting"):
        condition = HELD.format(table=table)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY whose ON {table} USING ({condition}) WITH CHECK ({condition})")
