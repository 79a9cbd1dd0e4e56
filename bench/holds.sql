-- The fewest statements that write what authorising and capturing a part of it writes: one each. They neither look for
-- keys nor read or plan anything; :member is the number of a member in bench_member, which has one lot.
\set member random(1, :members)
\set amount random(1000, 5000)
WITH ids AS MATERIALIZED (
    SELECT b.member_id, b.account_id, b.lot_id, uuidv7() AS activity, uuidv7() AS effect,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at, :amount::bigint AS amount
    FROM bench_member b WHERE b.number = :member),
member AS (
    UPDATE core_member SET seq = seq + 1, last_at = (SELECT at FROM ids)
    WHERE id = (SELECT member_id FROM ids) RETURNING id, seq),
account AS (
    UPDATE core_account SET debits_pending = debits_pending + (SELECT amount FROM ids)
    WHERE id = (SELECT account_id FROM ids) RETURNING id),
request AS (
    INSERT INTO core_request (scope, key, hash, outcome, member_id, activity_id, recorded_at)
    SELECT 'shop', activity::text, md5(activity::text), 'settled', member_id, activity, at FROM ids),
activity AS (
    INSERT INTO core_activity (id, member_id, seq, type, occurred_at, recorded_at, source, external_id, amount, unit,
        payload, program, depth, state)
    SELECT i.activity, m.id, m.seq, 'stored_value.authorised', i.at, i.at, 'shop', i.activity::text, i.amount, 'USD',
        '{"store": "217", "order_no": "385729104"}', 0, 0, 'settled' FROM ids i, member m),
effect AS (
    INSERT INTO core_effect (id, activity_id, no, owner, kind, rule, account_kind, amount, data, state, undone, unfunded)
    SELECT effect, activity, 0, 'stored_value', 'Hold', 'authorised@1', 'stored_value.principal', amount,
        jsonb_build_object('split', 'pro_rata', 'across', effect, 'groups', '[]'::jsonb), 'applied', 0, 0 FROM ids),
lot AS (
    UPDATE core_lot SET held = held + (SELECT amount FROM ids), seq = seq + 1
    WHERE id = (SELECT lot_id FROM ids) RETURNING id, seq),
movement AS (
    INSERT INTO core_lot_movement (lot_id, seq, activity_id, effect_id, kind, amount, spend_id)
    SELECT l.id, l.seq, i.activity, i.effect, 'hold', i.amount, i.effect FROM ids i, lot l),
hold AS (
    INSERT INTO core_hold (id, activity_id, account_id, amount, expires_at, captured)
    SELECT effect, activity, account_id, amount, at + 3600000000, 0 FROM ids),
outbox AS (
    INSERT INTO core_outbox (activity_id, member_id, topic, recorded_at)
    SELECT activity, member_id, 'stored_value.authorised', at FROM ids)
SELECT activity AS placed, effect AS hold FROM ids
\gset
WITH ids AS MATERIALIZED (
    SELECT b.member_id, b.account_id, b.redeemed_id, b.lot_id, uuidv7() AS activity, uuidv7() AS effect,
        uuidv7() AS posting, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at, :amount::bigint AS held,
        (:amount::bigint * 4 / 5) AS amount, :hold::uuid AS hold
    FROM bench_member b WHERE b.number = :member),
member AS (
    UPDATE core_member SET seq = seq + 1, last_at = (SELECT at FROM ids)
    WHERE id = (SELECT member_id FROM ids) RETURNING id, seq),
account AS (
    UPDATE core_account SET debits_pending = debits_pending - (SELECT held FROM ids),
        debits_posted = debits_posted + (SELECT amount FROM ids), seq = seq + 1, last_at = (SELECT at FROM ids)
    WHERE id = (SELECT account_id FROM ids)
    RETURNING id, seq, credits_posted - debits_posted AS balance, credits_posted - debits_posted - debits_pending AS left),
request AS (
    INSERT INTO core_request (scope, key, hash, outcome, member_id, activity_id, recorded_at)
    SELECT 'shop', activity::text, md5(activity::text), 'settled', member_id, activity, at FROM ids),
activity AS (
    INSERT INTO core_activity (id, member_id, seq, type, occurred_at, recorded_at, source, external_id, amount, unit,
        payload, program, depth, state)
    SELECT i.activity, m.id, m.seq, 'hold.captured', i.at, i.at, 'shop', i.activity::text, i.amount, 'USD',
        jsonb_build_object('activity', :placed::text), 0, 0, 'settled' FROM ids i, member m),
effect AS (
    INSERT INTO core_effect (id, activity_id, no, owner, kind, rule, account_kind, amount, data, state, undone, unfunded)
    SELECT effect, activity, 0, 'core', 'Capture', 'core@1', 'stored_value.principal', amount,
        jsonb_build_object('hold', hold, 'across', effect), 'applied', 0, 0 FROM ids),
posting AS (
    INSERT INTO core_posting (id, activity_id, effect_id, unit, debit_account_id, credit_account_id, amount, recorded_at)
    SELECT posting, activity, effect, 'USD', account_id, redeemed_id, amount, at FROM ids),
entry AS (
    INSERT INTO core_entry (account_id, seq, posting_id, activity_id, side, amount, balance_after, available_after,
        recorded_at)
    SELECT a.id, a.seq, i.posting, i.activity, 'debit', i.amount, a.balance, a.left, i.at FROM ids i, account a),
lot AS (
    UPDATE core_lot SET held = held - (SELECT held FROM ids), consumed = consumed + (SELECT amount FROM ids), seq = seq + 2
    WHERE id = (SELECT lot_id FROM ids) RETURNING id, seq),
movement AS (
    INSERT INTO core_lot_movement (lot_id, seq, activity_id, effect_id, kind, amount, spend_id)
    SELECT l.id, l.seq - 1, i.activity, i.effect, 'release', i.held, i.hold FROM ids i, lot l
    UNION ALL SELECT l.id, l.seq, i.activity, i.effect, 'consume', i.amount, i.effect FROM ids i, lot l),
hold AS (
    UPDATE core_hold SET outcome = 'captured', captured = (SELECT amount FROM ids),
        resolved_by = (SELECT activity FROM ids), resolved_at = (SELECT at FROM ids)
    WHERE id = (SELECT hold FROM ids) AND outcome IS NULL)
INSERT INTO core_outbox (activity_id, member_id, topic, recorded_at)
SELECT activity, member_id, 'hold.captured', at FROM ids;
