"""Faults planted by SQL without constraints, and the sentence that reports each."""

from tests.factories.journeys.changed_replicas import CHANGED_REPLICAS
from tests.factories.journeys.planted_counts import PLANTED_COUNTS
from tests.factories.journeys.planted_ends import PLANTED_ENDS

UNGUARDED = """
DO $$ DECLARE item record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR item IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint c JOIN pg_namespace n
        ON n.oid = c.connamespace WHERE n.nspname IN ('public', 'replica_credit') AND contype IN ('x', 'u', 'c')
        AND conparentid = 0 LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', item.owner, item.conname);
    END LOOP;
    FOR item IN SELECT indexrelid::regclass AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND indisunique
        AND NOT indisprimary AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid) LOOP
        EXECUTE format('DROP INDEX %s', item.name);
    END LOOP;
END $$
"""
ONE_KEY = "(SELECT key FROM platform.outbox WHERE topic = 'pilar.{service}' GROUP BY key HAVING count(*) > 2 LIMIT 1)"
# A copy of the first row with another id.
TWIN = "SELECT (jsonb_populate_record(t, jsonb_build_object('{table}_id', gen_random_uuid()))).* FROM {table} t LIMIT 1"
PLANTED = {
    "a given answer is not stored": (
        "caseload",
        "DELETE FROM platform.idempotency WHERE path = '/v1/intake'",
        "caseload: I1: dinsos-kendal-1 /v1/intake: 1 accepted, 0 unanswered, 0 stored",
    ),
    "an answer is stored twice for one command": (
        "graduation",
        (
            'INSERT INTO platform.idempotency SELECT (jsonb_populate_record(i, \'{"key": "another"}\')).*'
            " FROM platform.idempotency i WHERE path = '/v1/sk'"
        ),
        "graduation: I1: kemensos-1 /v1/sk: 1 accepted, 0 unanswered, 2 stored",
    ),
    "an accepted command emitted nothing": (
        "graduation",
        "DELETE FROM platform.outbox WHERE wire = 'graduation.kpm_assessed.v1'",
        "graduation: I1: pendamping-1 /v1/graduasi/",
    ),
    "a command emitted its event twice": (
        "registry",
        (
            "INSERT INTO platform.outbox SELECT (jsonb_populate_record(o, '{\"outbox_id\": 900000}')).*"
            " FROM platform.outbox o WHERE wire = 'registry.penugasan_started.v1'"
        ),
        "registry: I1: kemensos-1 /v1/penugasan: emitted registry.penugasan_started.v1 2 times",
    ),
    "a position is missing": (
        "registry",
        f"DELETE FROM platform.outbox WHERE seq = 2 AND key = {ONE_KEY.format(service='registry')}",
        "registry: I2: the positions of pilar.registry",
    ),
    "a position has no event": (
        "caseload",
        "UPDATE platform.stream SET seq = seq + 1 WHERE topic = 'pilar.caseload'",
        "caseload: I2: the positions of pilar.caseload",
    ),
    "an event waits to be sent": (
        "referral",
        "INSERT INTO platform.unsent SELECT shard, outbox_id, recorded_at FROM platform.outbox WHERE topic = 'pilar.referral' LIMIT 1",
        "referral: I3: 1 events are unsent",
    ),
    "an event was never sent": (
        "graduation",
        "DELETE FROM platform.local_log WHERE outbox_id = (SELECT max(outbox_id) FROM platform.outbox WHERE topic = 'pilar.graduation')",
        "graduation: I3: event",
    ),
    "a sent event was never written": (
        "graduation",
        "DELETE FROM platform.outbox WHERE outbox_id = (SELECT max(outbox_id) FROM platform.outbox WHERE topic = 'pilar.graduation')",
        "graduation: I3: event nothing was sent but never written",
    ),
    "two events of a key were sent in the wrong order": (
        "graduation",
        (
            "UPDATE platform.local_log l SET outbox_id = o.other, recorded_at = o.at FROM (SELECT outbox_id,"
            " first_value(outbox_id) OVER w + last_value(outbox_id) OVER w - outbox_id AS other, CASE WHEN seq = 1 THEN"
            " last_value(recorded_at) OVER w ELSE first_value(recorded_at) OVER w END AS at FROM platform.outbox"
            f" WHERE seq < 3 AND topic = 'pilar.graduation' AND key = {ONE_KEY.format(service='graduation')} WINDOW w AS"
            " (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) o"
            " WHERE l.outbox_id = o.outbox_id"
        ),
        "graduation: I4: pilar.graduation",
    ),
    "a subscription skipped an event": (
        "caseload",
        "UPDATE platform.cursor SET seq = seq - 1 WHERE subscription = 'pendamping'",
        "caseload: I5: pendamping is at",
    ),
    "a subscription applied an unknown event": (
        "registry",
        "UPDATE platform.cursor SET event_id = gen_random_uuid() WHERE subscription = 'credit'",
        "registry: I5: credit is at",
    ),
    "a subscription has a cursor for an unknown family": (
        "registry",
        (
            "INSERT INTO platform.cursor SELECT (jsonb_populate_record(c, jsonb_build_object('key',"
            " gen_random_uuid()))).* FROM platform.cursor c WHERE subscription = 'coverage' LIMIT 1"
        ),
        "registry: I5: coverage has a cursor for",
    ),
    "an event is parked": (
        "referral",
        (
            'INSERT INTO platform.parked (subscription, topic, partition, "offset", body, reason)'
            " VALUES ('kpm', 'pilar.caseload', 0, 1, '', 'POISON')"
        ),
        "referral: I5: kpm has parked",
    ),
    "a membership has two open cases": (
        "graduation",
        (
            "INSERT INTO graduasi SELECT (jsonb_populate_record(g, jsonb_build_object('graduasi_id', gen_random_uuid(),"
            " 'state', 'MASA_SANGGAH'))).* FROM graduasi g; INSERT INTO graduasi SELECT (jsonb_populate_record(g,"
            " jsonb_build_object('graduasi_id', gen_random_uuid()))).* FROM graduasi g WHERE state = 'MASA_SANGGAH'"
        ),
        "I6: kepesertaan",
    ),
    "three people decided": (
        "graduation",
        "DELETE FROM stage_act WHERE stage IN ('VERIFIKASI', 'MUSYAWARAH')",
        "I6: case",
    ),
    "one person acted in two stages": (
        "graduation",
        (
            "UPDATE stage_act SET person = (SELECT person FROM stage_act WHERE stage = 'USUL' LIMIT 1)"
            " WHERE stage = 'PERSETUJUAN'"
        ),
        "I6: one person acted in two stages",
    ),
    "one account acted in two stages": (
        "graduation",
        (
            "UPDATE stage_act SET sub = (SELECT sub FROM stage_act WHERE stage = 'USUL' LIMIT 1)"
            " WHERE stage = 'PERSETUJUAN'"
        ),
        "I6: one person acted in two stages",
    ),
    "a rujukan is missing": ("referral", "UPDATE rujukan SET graduasi_id = gen_random_uuid()", "I7: case"),
    "a rujukan is open though its SK was annulled": (
        "graduation",
        "UPDATE graduasi SET state = 'DIPULIHKAN'",
        "I7: case",
    ),
    "an effective case has no certificate": (
        "graduation",
        "DELETE FROM certificate",
        "I8: effective and in term (graduation)",
    ),
    "a membership ended for another reason": (
        "caseload",
        "UPDATE kepesertaan SET exit_reason = 'ALAMIAH' WHERE exit_reason IS NOT NULL",
        "I8: memberships ended (caseload)",
    ),
    "a membership did not end": (
        "caseload",
        "UPDATE kepesertaan SET exit_reason = NULL, graduasi_id = NULL",
        "I8: memberships ended (caseload)",
    ),
    "a credit counts to somebody else": (
        "registry",
        "UPDATE replica_credit.credit SET pendamping_id = gen_random_uuid()",
        "I8: net credits (registry)",
    ),
    "a credit counts in another kabupaten": (
        "registry",
        "UPDATE replica_credit.credit SET kode_wilayah = '35.03.01.2001'",
        "I8: net credits (registry)",
    ),
    "a rujukan of another month": (
        "referral",
        "UPDATE rujukan SET sk_on = sk_on + 40",
        "I8: rujukan not withdrawn (referral)",
    ),
    "a rujukan was withdrawn": (
        "referral",
        "UPDATE rujukan SET state = 'DICABUT'",
        "I8: rujukan not withdrawn (referral)",
    ),
    "a stage of the policy is missing, but four people acted": (
        "graduation",
        "DELETE FROM stage_act WHERE stage = 'MUSYAWARAH'",
        "graduation: I6: case",
    ),
    "an SK counts a case that it does not have": (
        "graduation",
        "UPDATE sk SET cases = cases + 1",
        "graduation: I8: SK",
    ),
    "a case in an SK was reset": (
        "graduation",
        "UPDATE graduasi SET state = 'DISETUJUI_DINSOS'",
        "graduation: I8: case",
    ),
    "a step of a case is not in its history": (
        "graduation",
        "DELETE FROM graduasi_history WHERE to_state = 'PEMANTAUAN'",
        "graduation: I8: the history of case",
    ),
    "a sanggah is open and suspends nothing": (
        "graduation",
        "UPDATE graduasi SET state = 'DISANGGAH'",
        "graduation: I8: case",
    ),
    "two pendamping on one day": (
        "caseload",
        f"INSERT INTO dampingan {TWIN.format(table='dampingan')}",
        "caseload: I9: family",
    ),
    "two memberships on one day": (
        "caseload",
        f"INSERT INTO kepesertaan {TWIN.format(table='kepesertaan')}",
        "caseload: I9: family",
    ),
    "a load misses a family": (
        "caseload",
        "UPDATE dampingan_load SET weighing = weighing - 1",
        "caseload: I8: the load of penugasan",
    ),
    "a membership ends on another day": (
        "caseload",
        "UPDATE kepesertaan SET valid = daterange(lower(valid), upper(valid) - 1) WHERE graduasi_id IS NOT NULL",
        "caseload: I8: case",
    ),
    "a membership is paid one tahap too many": (
        "caseload",
        "UPDATE kepesertaan SET last_payable_tahap = '2026-4' WHERE graduasi_id IS NOT NULL",
        "caseload: I8: case",
    ),
    "an open offer in a withdrawn rujukan": (
        "referral",
        "UPDATE rujukan SET state = 'DICABUT'; UPDATE rujukan_program SET state = 'DIPROSES' WHERE state = 'DISALURKAN'",
        "referral: I7: rujukan",
    ),
    "a rujukan is paused without a sanggah": (
        "referral",
        "UPDATE rujukan SET paused = true",
        "referral: I7: rujukan",
    ),
    "what was shared is not on record": (
        "referral",
        "UPDATE rujukan_program SET shared_fields = '{sk_no}' WHERE shared_on IS NOT NULL",
        "referral: I7: what offer",
    ),
    "a partner is not notified of a withdrawal": (
        "referral",
        "UPDATE rujukan_program SET state = 'DICABUT' WHERE shared_on IS NOT NULL; DELETE FROM partner_notice",
        "referral: I7: offer",
    ),
    "a quota counts a place that is not taken": (
        "referral",
        (
            "INSERT INTO program_quota (quota_id, program_code, kode_wilayah, places, taken, waiting, valid_from,"
            " version, set_by) VALUES (gen_random_uuid(), 'KUR_SUPERMIKRO', '33.24', 5, 1, 0, '2026-01-01', 1, 'x')"
        ),
        "referral: I8: the counts of quota",
    ),
    "an offer without aid has a place": (
        "referral",
        (
            "INSERT INTO quota_place (place_id, rujukan_program_id, quota_id, taken_on) SELECT gen_random_uuid(),"
            " rujukan_program_id, gen_random_uuid(), '2026-06-01' FROM rujukan_program WHERE state = 'DRAF';"
            " UPDATE rujukan_program SET state = 'DICABUT' WHERE state = 'DRAF'"
        ),
        "referral: I8: offer",
    ),
    **{
        f"a replica differs: {name} in {reader}": (reader, statement, f"{reader}: I5: {problem} {name} of")
        for reader, name, problem, statement in CHANGED_REPLICAS
    },
    **PLANTED_ENDS,
    **PLANTED_COUNTS,
}
