-- Whether the caller accompanies the family today. plpgsql resolves the table's name at each call, so that a rebuild may
-- swap the replica's schema.
CREATE FUNCTION own_family(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = family
        AND d.pendamping_id = platform.pendamping() AND daterange(d.valid_from, d.valid_to) @> platform.today());
END $$;
-- Whether the caller accompanied the family on the day of the work that he records, wherever it lives today.
CREATE FUNCTION worked_family(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = family
        AND d.pendamping_id = platform.pendamping() AND daterange(d.valid_from, d.valid_to) @> platform.work_day());
END $$;

-- Whether a pendamping may do the follow-ups of the case because nobody accompanies the family that day.
-- The raised scope stops the policies of the two tables from calling this function recursively.
CREATE FUNCTION is_open_for_follow_up(case_id uuid, family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('NATIONAL'); open boolean;
BEGIN
    open := EXISTS (SELECT FROM monitoring_task t WHERE t.graduasi_id = case_id AND t.kind = 'LANJUTAN')
        AND NOT EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = family
            AND daterange(d.valid_from, d.valid_to) @> coalesce(platform.work_day(), platform.today()));
    scope := platform.raise_scope(scope);
    RETURN open;
END $$;

-- The offices of the area where the family lives see and decide the case. The office that opened it may still read it.
ALTER TABLE graduasi ENABLE ROW LEVEL SECURITY;
ALTER TABLE graduasi FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON graduasi USING (CASE WHEN platform.by_area() THEN platform.in_scope(kode_wilayah)
    ELSE platform.in_scope(kode_wilayah) AND (own_family(kpm_id) OR is_open_for_follow_up(graduasi_id, kpm_id)) OR platform.work_day() IS NOT NULL AND worked_family(kpm_id) END);
CREATE POLICY opened_here ON graduasi FOR SELECT USING (platform.by_area() AND platform.in_scope(opened_in));

-- Never inlined, so that no plan hashes all cases to check one.
CREATE FUNCTION case_in_area(case_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM graduasi g WHERE g.graduasi_id = case_id AND platform.in_scope(g.kode_wilayah))
$$;

-- Whether row security shows the case to the caller.
CREATE FUNCTION case_in_scope(case_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM graduasi g WHERE g.graduasi_id = case_id);
END $$;

-- Whether the caller's scope covers the family where it lives now. A stored answer is replayed only if it does.
CREATE FUNCTION family_in_scope(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN CASE WHEN platform.by_area() THEN EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = family
        AND platform.in_scope(k.kode_wilayah))
        ELSE own_family(family) OR EXISTS (SELECT FROM graduasi g WHERE g.kpm_id = family) END;
END $$;

-- Whether row security shows a case of the family to the caller, or the caller accompanied it on the day of the work.
CREATE FUNCTION shows_case(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM graduasi g WHERE g.kpm_id = family)
        OR platform.work_day() IS NOT NULL AND worked_family(family);
END $$;
-- Whether row security shows the family to the caller.
CREATE FUNCTION shows_family(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = family);
END $$;

REVOKE ALL ON FUNCTION own_family(uuid), worked_family(uuid), is_open_for_follow_up(uuid, uuid), case_in_area(uuid), case_in_scope(uuid),
    family_in_scope(uuid), shows_case(uuid), shows_family(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_family(uuid), worked_family(uuid), is_open_for_follow_up(uuid, uuid), case_in_area(uuid), case_in_scope(uuid),
    family_in_scope(uuid), shows_case(uuid), shows_family(uuid) TO graduation_api, graduation_worker;

-- The author of a result may read it, also after the family has another pendamping.
CREATE POLICY author ON monitoring_task FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON voided_result FOR SELECT USING (pendamping_id = platform.pendamping());

-- Append-only tables cannot be updated, and no case is deleted.
REVOKE UPDATE, DELETE ON graduasi_history, stage_act, asesmen, pernyataan, usul, musyawarah, sk, certificate, sanggah,
    sanggah_scan, sanggah_decision, annulment, back_payment, credit_rule, voided_result, sk_correction FROM graduation_api, graduation_worker;
REVOKE DELETE ON graduasi, penetapan, credit, monitoring_task, exit_proposal FROM graduation_api, graduation_worker;
GRANT UPDATE (state) ON sanggah TO graduation_api, graduation_worker;
GRANT UPDATE (kode_wilayah) ON sanggah TO graduation_worker;
-- The job of an SK counts the cases that it adds.
GRANT UPDATE (cases) ON sk TO graduation_worker;
-- Two people correct an SK. What it had before stays readable.
GRANT UPDATE (sk_no, sk_on, evidence_sha256) ON sk TO graduation_api;

-- Deletes the SK of a job that added no case, so that its number is free. No service role may delete any other SK.
CREATE FUNCTION delete_empty_sk(number text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM sk WHERE upper(regexp_replace(sk_no, '[[:space:]-]', '', 'g')) = upper(regexp_replace(number, '[[:space:]-]', '', 'g'))
        AND cases = 0 AND job_id IS NOT NULL
$$;
REVOKE ALL ON FUNCTION delete_empty_sk(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delete_empty_sk(text) TO graduation_api, graduation_worker;

-- Who recorded a sanggah or added a scan to it does not decide it. A constraint cannot read another table.
CREATE FUNCTION refuse_lodger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM sanggah_scan s WHERE s.sanggah_id = NEW.sanggah_id
        AND (s.added_by = NEW.decided_by OR s.added_by_sub = NEW.decided_by_sub)) THEN
        RAISE EXCEPTION 'who recorded a sanggah does not decide it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_sanggah_decision_not_by_lodger';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER not_by_lodger AFTER INSERT ON sanggah_decision FOR EACH ROW EXECUTE FUNCTION refuse_lodger();

-- The content of a version is written once, and no service role may set `first_content`.
REVOKE INSERT, UPDATE, DELETE ON policy FROM graduation_api, graduation_worker;
GRANT INSERT (policy_id, exit_reason, version, drafted_by, drafted_by_sub, drafted_at, reason, opened_by, stages,
    four_people, needs_score, needs_statement, needs_komponen_ended, counts, opens_rujukan, sanggah_length, sanggah_unit,
    sanggah_starts_from, monitoring_months, follow_up_months, survival_months, check_days, instrument_id,
    credit_rule_version, evidence_for, candidate_desil_scope, candidate_desil_at_least, candidate_usaha_months,
    candidate_program_years, candidate_program_months, counted_memberships, candidate_komponen_months,
    candidate_reasons) ON policy TO graduation_api;
GRANT UPDATE (valid_from, valid_to, first_approver, second_approver, activated_by, activated_on,
    withdrawn_by, withdrawn_on) ON policy TO graduation_api;
REVOKE INSERT, UPDATE, DELETE ON sk_rule, separation_rule, author_rule, monitoring_rule FROM graduation_api, graduation_worker;
REVOKE UPDATE, DELETE ON instrument, indicator, policy_approval, policy_withdrawal FROM graduation_api, graduation_worker;

-- The public check has no area. It returns one certificate by its complete number: its dates and the case's state.
CREATE FUNCTION certificate_shown(number text)
RETURNS TABLE (certificate_no text, issued_on date, effective_on date, state text) LANGUAGE plpgsql AS $$
DECLARE scope text := platform.raise_scope('NATIONAL');
BEGIN
    RETURN QUERY SELECT c.certificate_no, c.issued_on, p.effective_on, g.state::text
        FROM certificate c JOIN graduasi g USING (graduasi_id) JOIN penetapan p USING (graduasi_id)
        WHERE c.certificate_no = number;
    scope := platform.raise_scope(scope);
END $$;
REVOKE ALL ON FUNCTION certificate_shown(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificate_shown(text) TO graduation_api;

-- Of a request that another person approves, only the decision changes.
REVOKE UPDATE, DELETE ON approval_request FROM graduation_api, graduation_worker;
GRANT UPDATE (state, closed_at, decided_by, decided_by_sub, decision_reason_sealed, refused_as) ON approval_request
    TO graduation_api, graduation_worker;
REVOKE INSERT, UPDATE, DELETE ON approval_rule FROM graduation_api, graduation_worker;
