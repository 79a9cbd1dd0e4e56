-- The fewest statements that write what settling a purchase with ten lines writes: one. It neither looks for the key
-- nor reads what the rules would need, nor plans anything; :member is the number of a member in bench_member.
\set member random(1, :members)
\set amount random(5000, 25000)
WITH ids AS MATERIALIZED (
    SELECT b.member_id, b.account_id, b.issued_id, uuidv7() AS activity, uuidv7() AS effect, uuidv7() AS posting,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at, :amount::bigint / 100 AS points,
        (extract(epoch FROM clock_timestamp()) / 86400)::int AS day
    FROM bench_member b WHERE b.number = :member),
member AS (
    UPDATE core_member SET seq = seq + 1, last_at = (SELECT at FROM ids)
    WHERE id = (SELECT member_id FROM ids) RETURNING id, seq),
account AS (
    UPDATE core_account SET credits_posted = credits_posted + (SELECT points FROM ids), seq = seq + 1,
        last_at = (SELECT at FROM ids)
    WHERE id = (SELECT account_id FROM ids) RETURNING id, seq, credits_posted - debits_posted AS balance),
request AS (
    INSERT INTO core_request (scope, key, hash, outcome, member_id, activity_id, recorded_at)
    SELECT 'shop', activity::text, md5(activity::text), 'settled', member_id, activity, at FROM ids),
activity AS (
    INSERT INTO core_activity (id, member_id, seq, type, occurred_at, recorded_at, source, external_id, amount, unit,
        payload, program, depth, state, measures)
    SELECT i.activity, m.id, m.seq, 'purchase', i.at, i.at, 'shop', i.activity::text, :amount, 'USD',
        '{"store": "217", "order_no": "385729104"}', 1, 0, 'settled',
        '{"spend": 15490, "visits": 1, "points.earned": 154}' FROM ids i, member m),
line AS (
    INSERT INTO core_line (activity_id, no, amount, sku, category, quantity)
    SELECT i.activity, l.no, l.amount, l.sku, l.category, l.quantity FROM ids i, (VALUES
        (1, 1549, '4820117', 'grocery', 1000), (2, 299, '7731845', 'produce', 2000), (3, 2749, '1190482', 'meat', 1000),
        (4, 899, '6382915', 'dairy', 3000), (5, 1249, '9027714', 'deli', 1000), (6, 459, '3348120', 'drug', 1000),
        (7, 1999, '5561093', 'pastry', 2000), (8, 2349, '8804726', 'frozen', 1000), (9, 689, '2293851', 'tobacco', 1000),
        (10, 1899, '7102938', 'grocery', 3000)) l(no, amount, sku, category, quantity)),
effect AS (
    INSERT INTO core_effect (id, activity_id, no, owner, kind, rule, account_kind, amount, shares, state, undone, unfunded)
    SELECT effect, activity, 0, 'points', 'Credit', 'purchase@1', 'points', points,
        '{"1": 15, "2": 3, "3": 28, "4": 9, "5": 13, "6": 5, "7": 20, "8": 24, "10": 19}', 'applied', 0, 0 FROM ids),
posting AS (
    INSERT INTO core_posting (id, activity_id, effect_id, unit, debit_account_id, credit_account_id, amount, recorded_at)
    SELECT posting, activity, effect, 'points', issued_id, account_id, points, at FROM ids),
entry AS (
    INSERT INTO core_entry (account_id, seq, posting_id, activity_id, side, amount, balance_after, available_after,
        recorded_at)
    SELECT a.id, a.seq, i.posting, i.activity, 'credit', i.points, a.balance, a.balance, i.at FROM ids i, account a),
lot AS (
    INSERT INTO core_lot (id, account_id, activity_id, effect_id, issued, consumed, held, expired, repaid, expires_at,
        issued_at, seq)
    SELECT posting, account_id, activity, effect, points, 0, 0, 0, 0, at + 15000000000000, at, 1 FROM ids),
movement AS (
    INSERT INTO core_lot_movement (lot_id, seq, activity_id, effect_id, kind, amount)
    SELECT posting, 1, activity, effect, 'issue', points FROM ids),
metric AS (
    INSERT INTO core_metric (member_id, metric, value)
    SELECT i.member_id, m.metric, m.value FROM ids i,
        (VALUES ('points.earned', 154), ('spend', :amount), ('visits', 1)) m(metric, value)
    ON CONFLICT (member_id, metric) DO UPDATE SET value = core_metric.value + excluded.value),
metric_day AS (
    INSERT INTO core_metric_day (member_id, metric, day, value)
    SELECT i.member_id, m.metric, i.day, m.value FROM ids i,
        (VALUES ('points.earned', 154), ('spend', :amount), ('visits', 1)) m(metric, value)
    ON CONFLICT (member_id, metric, day) DO UPDATE SET value = core_metric_day.value + excluded.value)
INSERT INTO core_outbox (activity_id, member_id, topic, recorded_at)
SELECT activity, member_id, 'purchase', at FROM ids;
