-- Whether the caller accompanies the family today. The raised scope prevents a recursion: the policy of dampingan reads
-- kpm, whose policy calls this function.
-- Fast path: a transaction that only reads does not check the family of the row before again: 18 to 11 ms for a page of
-- tasks (bench: worklists). It ends no dampingan itself. A transaction that writes reads the dampingan for each row.
CREATE FUNCTION own_family(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    checked text := current_setting('pilar.pendamping', true) || '/' || family_id;
    scope text;
    own boolean;
BEGIN
    IF checked = current_setting('pilar.own_family', true) THEN RETURN true; END IF;
    scope := platform.raise_scope('AREA');
    own := EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = family_id
        AND d.pendamping_id = platform.pendamping() AND d.valid @> platform.today());
    scope := platform.raise_scope(scope);
    IF own AND current_setting('transaction_read_only') = 'on' THEN
        checked := set_config('pilar.own_family', checked, true);
    END IF;
    RETURN own;
END $$;
-- Fast path: a dampingan of the caller today marks its family as checked for own_family: 9 to 4 ms for a page of tasks
-- (bench: worklists). Always true, because the policy of dampingan then checks the family.
CREATE FUNCTION note_own_family(family_id uuid, accompanied_by uuid, valid daterange) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
DECLARE noted text;
BEGIN
    IF accompanied_by = platform.pendamping() AND valid @> platform.today()
        AND current_setting('transaction_read_only') = 'on' THEN
        noted := set_config('pilar.own_family', current_setting('pilar.pendamping', true) || '/' || family_id, true);
    END IF;
    RETURN true;
END $$;
-- Whether the caller accompanied the family on the day of the work that he records, wherever it lives today.
CREATE FUNCTION worked_family(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    scope text := platform.raise_scope('NATIONAL');
    own boolean;
BEGIN
    own := EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = family_id
        AND d.pendamping_id = platform.pendamping() AND d.valid @> platform.work_day());
    scope := platform.raise_scope(scope);
    RETURN own;
END $$;
-- Whether a caller who sees only own families sees this one. A pendamping accompanies neither a new family yet, nor one
-- that ends: the command names it in pilar.open_family. A function, because each statement prepares the policy's expression
-- anew for each table of a family (bench: reading).
CREATE FUNCTION own_or_worked(family_id uuid, kode_wilayah text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN platform.in_scope(kode_wilayah)
        AND (family_id::text = current_setting('pilar.open_family', true) OR own_family(family_id))
        OR platform.work_day() IS NOT NULL AND worked_family(family_id);
END $$;
-- Whether the caller's scope covers the family. A stored answer of an idempotent request is replayed only then.
CREATE FUNCTION family_in_scope(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = family_id);
END $$;
-- Opens a family that the caller may not see for the rest of the transaction, and returns its area, null if there is none.
CREATE FUNCTION open_for_emergency(family_id uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN
    PERFORM set_config('pilar.emergency_family', family_id::text, true);
    RETURN (SELECT k.kode_wilayah FROM kpm k WHERE k.kpm_id = family_id);
END $$;
-- Does the same if the account has an access to the family that has not expired.
CREATE FUNCTION use_emergency_access(family_id uuid, account text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$ BEGIN
    PERFORM set_config('pilar.emergency_family', family_id::text, true);
    IF EXISTS (SELECT FROM akses_darurat a WHERE a.kpm_id = family_id AND a.opened_by_sub = account AND a.expires_at > at
        AND a.state <> 'UNJUSTIFIED') THEN RETURN true; END IF;
    PERFORM set_config('pilar.emergency_family', '', true);
    RETURN false;
END $$;
-- Count the sessions of each family of a session again, and return the facts of the families. Sessions that are voided do
-- not count. A family may live outside the caller's areas now. The families are locked in the order of their ids, as by
-- all commands on several families, and before they are counted. Attendance is no change of a family: its version stays.
CREATE FUNCTION count_attendance(sesi_id uuid) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
DECLARE scope text := platform.raise_scope('NATIONAL');
BEGIN
    PERFORM FROM kpm WHERE kpm.kpm_id IN (SELECT a.kpm_id FROM p2k2_kehadiran a WHERE a.p2k2_sesi_id = sesi_id)
        ORDER BY kpm.kpm_id FOR NO KEY UPDATE;
    RETURN QUERY UPDATE kpm SET facts = facts || jsonb_build_object('p2k2_invited', c.invited, 'p2k2_attended', c.attended)
    FROM (SELECT f.kpm_id, count(s.p2k2_sesi_id) AS invited,
            count(s.p2k2_sesi_id) FILTER (WHERE a.presence = 'HADIR') AS attended
        FROM p2k2_kehadiran f JOIN p2k2_kehadiran a ON a.kpm_id = f.kpm_id
        LEFT JOIN p2k2_sesi s ON s.p2k2_sesi_id = a.p2k2_sesi_id AND s.voided_on IS NULL
        WHERE f.p2k2_sesi_id = sesi_id GROUP BY f.kpm_id) c
    WHERE kpm.kpm_id = c.kpm_id RETURNING kpm.facts::text;
    scope := platform.raise_scope(scope);
END $$;
-- Whether a PKH pendamping is to accompany the family on a day: it has not ended, and is in PKH or monitored after an
-- exit (docs/case-lifecycle.md#unaccompanied-families).
CREATE FUNCTION needs_pendamping(family_id uuid, day date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = family_id AND ended_on IS NULL) AND EXISTS (
        SELECT FROM kepesertaan k LEFT JOIN case_mark c ON c.graduasi_id = k.graduasi_id
        WHERE k.kpm_id = family_id AND lower(k.valid) <= day AND (
            k.bansos = 'PKH' AND (k.valid @> day OR c.held)
            OR upper(k.valid) <= day AND c.monitored AND coalesce(c.monitoring_ended_on >= day, true)))
$$;
REVOKE ALL ON FUNCTION own_family(uuid), note_own_family(uuid, uuid, daterange), worked_family(uuid),
    own_or_worked(uuid, text), family_in_scope(uuid), count_attendance(uuid), needs_pendamping(uuid, date),
    open_for_emergency(uuid), use_emergency_access(uuid, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_family(uuid), note_own_family(uuid, uuid, daterange), worked_family(uuid),
    own_or_worked(uuid, text), family_in_scope(uuid), count_attendance(uuid), needs_pendamping(uuid, date),
    open_for_emergency(uuid), use_emergency_access(uuid, text, timestamptz) TO caseload_api, caseload_worker;

-- These tables are append-only.
REVOKE UPDATE, DELETE ON kpm_history, anggota_history, nik_history, wilayah_history, usaha_history, hand_over_withdrawal
    FROM caseload_api, caseload_worker;
-- A visit or session is only voided.
REVOKE UPDATE, DELETE ON kunjungan, p2k2_sesi, p2k2_kehadiran FROM caseload_api, caseload_worker;
GRANT UPDATE (voided_on, voided_by, void_reason) ON kunjungan, p2k2_sesi TO caseload_api;
-- A move is only voided.
GRANT UPDATE (voided_on) ON wilayah_history TO caseload_api;
-- A version of the limit is immutable, except for the day on which it ends or is cancelled.
REVOKE UPDATE, DELETE ON dampingan_limit FROM caseload_api, caseload_worker;
GRANT UPDATE (valid, cancelled_from) ON dampingan_limit TO caseload_api;
-- Only the worker reads and writes staged rows.
REVOKE ALL ON staged_row FROM caseload_api;
GRANT MAINTAIN ON staged_row TO caseload_worker;

-- An author may read own visits and sessions, also after the family has another pendamping.
CREATE POLICY author ON kunjungan FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author_voids ON kunjungan FOR UPDATE USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON p2k2_sesi FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON p2k2_kehadiran FOR SELECT USING (EXISTS (SELECT FROM p2k2_sesi s
    WHERE s.p2k2_sesi_id = p2k2_kehadiran.p2k2_sesi_id AND s.pendamping_id = platform.pendamping()));

-- A proposer may withdraw an own proposal, also after the family has another pendamping.
CREATE POLICY author ON exit_proposal FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author_withdraws ON exit_proposal FOR UPDATE USING (pendamping_id = platform.pendamping());

-- Of a request that another person approves, only the decision changes.
REVOKE UPDATE, DELETE ON approval_request FROM caseload_api, caseload_worker;
GRANT UPDATE (state, closed_at, decided_by, decided_by_sub, decision_reason_sealed, refused_as) ON approval_request
    TO caseload_api, caseload_worker;
REVOKE INSERT, UPDATE, DELETE ON approval_rule FROM caseload_api, caseload_worker;
