-- Whether the caller accompanies the family today. plpgsql resolves the table's name at each call, so that a rebuild may
-- swap the replica's schema.
CREATE FUNCTION own_family(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = family
        AND d.pendamping_id = platform.pendamping() AND d.valid_from <= platform.today()
        AND (d.valid_to IS NULL OR d.valid_to > platform.today()));
END $$;

-- Whether the caller's scope covers the family where it lives now. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN CASE WHEN platform.by_area() THEN EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = family
        AND platform.in_scope(k.kode_wilayah)) ELSE own_family(family) END;
END $$;

-- Whether row security shows an offer to the family: a partner sees the families that were shared with it.
CREATE FUNCTION shows_case(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM rujukan_program p WHERE p.kpm_id = family);
END $$;
-- Whether row security shows the family to the caller.
CREATE FUNCTION shows_family(family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = family);
END $$;
REVOKE ALL ON FUNCTION own_family(uuid), family_in_scope(uuid), shows_case(uuid), shows_family(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_family(uuid), family_in_scope(uuid), shows_case(uuid), shows_family(uuid)
    TO referral_api, referral_worker;

-- Recorded rows are append-only. Of a rule only the day on which it ends may be written.
REVOKE UPDATE, DELETE ON partner_answer, delivery_attempt, outcome, relapse_report, rujukan_program_history, offer_shown, consent_text,
    program_rule, outcome_rule, sla_term, inbox_read, program_quota_change, consent_person, correction, data_supply, version_void,
    partner_change
    FROM referral_api, referral_worker;
GRANT UPDATE (valid_to) ON outcome_rule, sla_term TO referral_api;
GRANT UPDATE (voided_on) ON consent_text TO referral_api;
GRANT UPDATE (voided_on, voided_by, void_reason) ON relapse_report TO referral_api;
-- A correction keeps the former values of an outcome.
GRANT UPDATE (fields, http_status, fault, milliseconds) ON delivery_attempt TO referral_worker;
GRANT UPDATE (content_sealed, voided_on, voided_by, void_reason) ON data_supply TO referral_api, referral_worker;
GRANT UPDATE (still_in_business, omzet_rp), DELETE ON outcome TO referral_api;
REVOKE DELETE ON partner, program, rujukan, rujukan_program, consent, office, partner_notice, deadline, escalation, rujukan_pause,
    outcome_task, breaker, breaker_limit, program_quota, quota_place, waiting_list_entry, intake_window, next_best
    FROM referral_api, referral_worker;
-- The api role deletes a sealed identity, and reads it only through the function below.
REVOKE ALL ON identity FROM referral_api;
GRANT DELETE, SELECT (for_id, recipient) ON identity TO referral_api;

-- Whether a person whom the consent to an offer names died or left the family. plpgsql resolves the replica's table at
-- each call.
CREATE FUNCTION person_has_left(subject uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM consent_person n JOIN rujukan_program p USING (rujukan_program_id)
        WHERE n.rujukan_program_id = subject AND (
            EXISTS (SELECT FROM former_member f WHERE f.kpm_id = p.kpm_id AND f.anggota_id = n.anggota_id)
            OR EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = p.kpm_id AND n.anggota_id = ANY (k.former_members))));
END $$;
REVOKE ALL ON FUNCTION person_has_left(uuid) FROM PUBLIC;

-- What a partner reads in its inbox. Only through it the api role sees a sealed identity: in the scope of the partner
-- with which the rujukan was shared, while the consent is in force and the rujukan is not paused.
CREATE FUNCTION identity_for_partner(subject uuid) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.sealed FROM identity i
    JOIN rujukan_program p ON p.rujukan_program_id = i.for_id
    JOIN rujukan r ON r.rujukan_id = p.rujukan_id
    JOIN consent c ON c.rujukan_program_id = i.for_id
    WHERE i.for_id = subject AND c.withdrawn_on IS NULL AND c.lapsed_on IS NULL AND NOT person_has_left(subject)
      AND r.state = 'TERBUKA' AND NOT r.paused
      AND p.shared_at IS NOT NULL
      AND p.partner_id = platform.partner()
$$;
REVOKE ALL ON FUNCTION identity_for_partner(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_for_partner(uuid) TO referral_api;

-- The same for what a partner asked for.
CREATE FUNCTION supply_for_partner(subject uuid) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.content_sealed FROM data_supply s
    JOIN rujukan_program p USING (rujukan_program_id)
    JOIN rujukan r ON r.rujukan_id = p.rujukan_id
    JOIN consent c ON c.rujukan_program_id = p.rujukan_program_id
    WHERE s.notice_id = subject AND s.voided_on IS NULL AND c.withdrawn_on IS NULL AND c.lapsed_on IS NULL
      AND NOT person_has_left(p.rujukan_program_id) AND r.state = 'TERBUKA' AND NOT r.paused
      AND p.partner_id = platform.partner()
$$;
REVOKE ALL ON FUNCTION supply_for_partner(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION supply_for_partner(uuid) TO referral_api;

-- The CHECK on `taken` refuses more places than there are, also under concurrent transactions.
CREATE FUNCTION count_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE program_quota SET taken = taken + 1 WHERE quota_id = NEW.quota_id;
    ELSIF OLD.released_on IS NOT NULL OR NEW.released_on IS NULL OR NEW.quota_id <> OLD.quota_id THEN
        RAISE EXCEPTION 'a place is released once, and is never changed' USING ERRCODE = 'check_violation';
    ELSE
        UPDATE program_quota SET taken = taken - 1 WHERE quota_id = NEW.quota_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON quota_place FOR EACH ROW EXECUTE FUNCTION count_place();
CREATE FUNCTION count_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.left_on IS NOT NULL THEN
        RAISE EXCEPTION 'a closed row of the waiting list cannot change' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.quota_id IS NOT NULL THEN
        UPDATE program_quota SET waiting = waiting - 1 WHERE quota_id = OLD.quota_id;
    END IF;
    IF NEW.quota_id IS NOT NULL AND NEW.left_on IS NULL THEN
        UPDATE program_quota SET waiting = waiting + 1 WHERE quota_id = NEW.quota_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON waiting_list_entry FOR EACH ROW EXECUTE FUNCTION count_waiting();

-- The length of the list is no personal data: a pendamping counts all who wait in the areas of the token.
CREATE FUNCTION waiting_ahead(code text, before bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('AREA'); ahead bigint;
BEGIN
    SELECT count(*) INTO ahead FROM waiting_list_entry w
        WHERE w.program_code = code AND w.left_on IS NULL AND w.number < before;
    scope := platform.raise_scope(scope);
    RETURN ahead;
END $$;
REVOKE ALL ON FUNCTION waiting_ahead(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_ahead(text, bigint) TO referral_api, referral_worker;
