"""The rules of money as SQL. Each check selects, for every row that breaks its rule: rule, row, expected, found."""

FACTS = """
WITH move AS (
    SELECT * FROM unnest(CAST(:types AS text[]), CAST(:sources AS text[]), CAST(:targets AS text[]))
        AS rule (transaction_type, source, target)
), counted AS (
    SELECT * FROM unnest(CAST(:counted AS text[]), CAST(:names AS text[]), CAST(:signs AS int[]))
        AS rule (account, name, sign)
), price AS (
    SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:prices AS int[])) AS rule (kind, amount)
), product AS (
    SELECT * FROM unnest(CAST(:products AS text[]), CAST(:product_kinds AS text[]), CAST(:product_credits AS int[]))
        AS rule (id, kind, credits)
), entry AS MATERIALIZED (
    SELECT *,
        'entry ' || id AS row,
        sum(amount * ((target = 'available')::int - (source = 'available')::int))
            OVER (PARTITION BY user_id ORDER BY id) AS available
    FROM credit_transactions
), leg AS MATERIALIZED (
    SELECT entry.id, entry.user_id, counted.name, counted.sign * side.change AS change,
        sum(counted.sign * side.change) OVER (PARTITION BY entry.user_id, counted.name ORDER BY entry.id) AS so_far
    FROM entry
    CROSS JOIN LATERAL (VALUES (source, -amount), (target, amount)) AS side (account, change)
    JOIN counted USING (account)
), total AS MATERIALIZED (
    SELECT user_id, name, sum(change) AS amount FROM leg GROUP BY user_id, name
), hold AS MATERIALIZED (
    SELECT * FROM entry WHERE transaction_type = 'hold'
), ending AS MATERIALIZED (
    SELECT * FROM entry WHERE transaction_type IN ('capture', 'release')
), job AS MATERIALIZED (
    SELECT id, user_id, kind, status,
        CASE status WHEN 'done' THEN 'capture' WHEN 'failed' THEN 'release' END AS due FROM jobs
), payment AS MATERIALIZED (
    SELECT *, store || ':' || transaction_id AS reference,
        CASE kind WHEN 'credits' THEN 'purchase' WHEN 'subscription' THEN 'subscription' END AS due
    FROM store_transactions
), kept AS MATERIALIZED (
    SELECT * FROM payment WHERE claimed_at IS NOT NULL AND refunded_at IS NULL
), brought AS MATERIALIZED (
    SELECT reference, sum(amount * CASE WHEN target = 'refunded' THEN -1 ELSE 1 END) AS credits
    FROM entry WHERE transaction_type = ANY(CAST(:of_payments AS text[])) GROUP BY reference
), pair AS MATERIALIZED (
    SELECT one.transaction_id AS one, other.transaction_id AS other, one.store
    FROM kept AS one JOIN kept AS other USING (store, original_transaction_id)
    CROSS JOIN LATERAL (SELECT
        least(one.period_end, other.period_end) - greatest(one.purchased_at, other.purchased_at) AS shared,
        least(one.period_end - one.purchased_at, other.period_end - other.purchased_at) AS shorter) AS time
    WHERE one.transaction_id <> other.transaction_id AND time.shared * 2 > time.shorter
)
"""

_ENTRIES = (
    """
    SELECT 'move', entry.row, coalesce(move.source || ' to ' || move.target, 'a type that exists'),
        entry.transaction_type || ' from ' || entry.source || ' to ' || entry.target
    FROM entry LEFT JOIN move USING (transaction_type)
    WHERE (move.source, move.target) IS DISTINCT FROM (entry.source::text, entry.target::text)
    """,
    """
    SELECT 'amount', entry.row, 'more than 0', entry.amount::text FROM entry WHERE entry.amount <= 0
    """,
    """
    SELECT 'welcome gift', entry.row, CAST(:gift AS int)::text, entry.amount::text
    FROM entry WHERE entry.transaction_type = 'gift' AND entry.amount <> CAST(:gift AS int)
    """,
    """
    SELECT 'reason', entry.row, 'a reason', 'none'
    FROM entry WHERE entry.transaction_type = 'grant' AND coalesce(btrim(entry.reference), '') = ''
    """,
    """
    SELECT 'below zero', 'entry ' || leg.id, leg.name || ' of 0 or more', leg.so_far::text
    FROM leg WHERE leg.so_far < 0 AND leg.so_far >= leg.change
    """,
    """
    SELECT 'balance_after', drifted.row, drifted.available::text, drifted.balance_after::text
    FROM (
        SELECT *, available - balance_after AS drift,
            lag(available - balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY id) AS drift_before
        FROM entry
    ) AS drifted
    WHERE drift <> 0 AND drift <> drift_before
    """,
    """
    SELECT 'once only', again.row, 'one ' || again.what, 'number ' || again.number
    FROM (
        SELECT keyed.row, keyed.what, row_number() OVER (PARTITION BY keyed.what ORDER BY keyed.id) AS number
        FROM (
            SELECT entry.id, entry.row, CASE
                WHEN transaction_type = 'gift' THEN 'gift to user ' || user_id
                WHEN transaction_type = 'hold' THEN 'hold for job ' || job_id
                WHEN transaction_type IN ('capture', 'release') THEN 'ending for job ' || job_id
                WHEN transaction_type IN ('purchase', 'subscription')
                    THEN transaction_type || ' for payment ' || reference
            END AS what
            FROM entry
        ) AS keyed
        WHERE keyed.what IS NOT NULL
    ) AS again
    WHERE again.number > 1
    """,
)
_JOBS = (
    """
    SELECT 'job', entry.row, 'a job', CASE WHEN entry.job_id IS NULL THEN 'none' ELSE 'no job ' || entry.job_id END
    FROM entry LEFT JOIN job ON job.id = entry.job_id
    WHERE job.id IS NULL AND entry.transaction_type IN ('hold', 'capture', 'release')
        AND (entry.job_id IS NULL OR EXISTS (SELECT FROM users WHERE users.id = entry.user_id))
    """,
    """
    SELECT 'owner of the job', entry.row, 'user ' || job.user_id, 'user ' || entry.user_id
    FROM entry JOIN job ON job.id = entry.job_id WHERE job.user_id <> entry.user_id
    """,
    """
    SELECT 'end of the hold', hold.row, coalesce(job.due, 'an ending'), 'none'
    FROM hold LEFT JOIN job ON job.id = hold.job_id LEFT JOIN ending ON ending.job_id = hold.job_id
    WHERE ending.id IS NULL
        AND (job.due IS NOT NULL OR NOT EXISTS (SELECT FROM users WHERE users.id = hold.user_id))
    """,
    """
    SELECT 'hold before its ending', ending.row, 'a hold for job ' || coalesce(ending.job_id, 'of its own'), 'none'
    FROM ending LEFT JOIN hold ON hold.job_id = ending.job_id AND hold.id < ending.id WHERE hold.id IS NULL
    """,
    """
    SELECT 'as much as was held', ending.row, hold.amount || ' of user ' || hold.user_id,
        ending.amount || ' of user ' || ending.user_id
    FROM ending JOIN hold ON hold.job_id = ending.job_id
    WHERE (hold.amount, hold.user_id) <> (ending.amount, ending.user_id)
    """,
    """
    SELECT 'ending that fits the job', ending.row,
        coalesce(job.due, 'none yet') || ' for a job that is ' || job.status, ending.transaction_type
    FROM ending JOIN job ON job.id = ending.job_id WHERE job.due IS DISTINCT FROM ending.transaction_type
    """,
    """
    SELECT 'price', coalesce(hold.row, 'job ' || job.id),
        coalesce(price.amount || ' for work of the kind ' || job.kind, 'a kind of work that has a price'),
        coalesce(hold.amount::text, 'none')
    FROM job LEFT JOIN hold ON hold.job_id = job.id LEFT JOIN price USING (kind)
    WHERE coalesce(hold.amount, 0) IS DISTINCT FROM price.amount
    """,
)
_PAYMENTS = (
    """
    SELECT 'payment', entry.row,
        coalesce(payment.due || ' of at most ' || payment.worth || ' by '
            || coalesce('user ' || payment.user_id, 'nobody'), 'a payment of a store'),
        entry.transaction_type || ' of ' || entry.amount || ' by user ' || entry.user_id || ' for '
            || coalesce(entry.reference, 'nothing')
    FROM entry LEFT JOIN payment USING (reference)
    WHERE entry.transaction_type = ANY(CAST(:of_payments AS text[])) AND (
        payment.claimed_at IS NULL
        OR (entry.transaction_type IN ('purchase', 'subscription') AND entry.transaction_type <> payment.due)
        OR entry.amount > payment.worth
        OR payment.user_id <> entry.user_id
        OR (payment.user_id IS NULL AND EXISTS (SELECT FROM users WHERE users.id = entry.user_id))
    )
    """,
    """
    SELECT 'product', 'payment ' || payment.reference,
        coalesce(product.kind || ' of ' || product.credits, 'a product that is sold'),
        coalesce(payment.kind, 'nothing') || ' of ' || payment.credits || ' out of ' || payment.worth || ' for '
            || coalesce(payment.product_id, 'nothing')
    FROM payment LEFT JOIN product ON product.id = payment.product_id
    WHERE payment.claimed_at IS NOT NULL
        AND ((product.kind, product.credits) IS DISTINCT FROM (payment.kind::text, payment.worth)
            OR payment.credits > payment.worth)
        AND NOT (product.kind = 'subscription' AND payment.kind = 'subscription'
            AND payment.worth = 0 AND payment.credits = 0)
    """,
    """
    SELECT 'once a period', again.row, 'one payment until ' || again.period_end, 'number ' || again.number
    FROM (
        SELECT entry.row, payment.period_end, row_number() OVER (
            PARTITION BY payment.store, payment.original_transaction_id, payment.product_id, payment.period_end
            ORDER BY entry.id) AS number
        FROM entry JOIN payment USING (reference)
        WHERE entry.transaction_type = 'subscription' AND payment.kind = 'subscription' AND payment.refunded_at IS NULL
            AND payment.credits > 0
    ) AS again
    WHERE again.number > 1
    """,
    """
    SELECT 'once for the same time', 'payment ' || later.reference,
        greatest(earlier.worth, later.worth) || ' beside ' || earlier.reference,
        (earlier.credits + later.credits)::text
    FROM pair
    JOIN payment AS earlier ON (earlier.store, earlier.transaction_id) = (pair.store, pair.one)
    JOIN payment AS later ON (later.store, later.transaction_id) = (pair.store, pair.other)
    WHERE pair.one < pair.other AND earlier.credits + later.credits > greatest(earlier.worth, later.worth)
    """,
    """
    SELECT 'as much as was paid for', 'payment ' || kept.reference, 'at least ' || kept.worth || ' for its time',
        (kept.credits + beside.credits)::text
    FROM kept CROSS JOIN LATERAL (
        SELECT coalesce(sum(payment.credits), 0) AS credits
        FROM pair JOIN payment ON (payment.store, payment.transaction_id) = (pair.store, pair.other)
        WHERE (pair.store, pair.one) = (kept.store, kept.transaction_id)
    ) AS beside
    WHERE kept.user_id IS NOT NULL AND kept.credits + beside.credits < kept.worth
    """,
    """
    SELECT 'change of plan', 'payment ' || payment.reference,
        'the subscription of ' || replaced.reference, 'another one of the same user'
    FROM payment JOIN payment AS replaced ON replaced.store = payment.store AND replaced.token = payment.replaced_token
    WHERE replaced.user_id = payment.user_id AND replaced.original_transaction_id <> payment.original_transaction_id
    """,
    """
    SELECT 'credits of the payment', 'payment ' || payment.reference, due.credits || ' for '
        || coalesce('user ' || payment.user_id, 'nobody'), coalesce(brought.credits, 0)::text
    FROM payment LEFT JOIN brought USING (reference)
    CROSS JOIN LATERAL (SELECT CASE WHEN payment.claimed_at IS NOT NULL AND payment.refunded_at IS NULL
        THEN payment.credits ELSE 0 END AS credits) AS due
    WHERE coalesce(brought.credits, 0) <> due.credits
        AND (payment.user_id IS NOT NULL OR brought.credits IS DISTINCT FROM CASE
            WHEN payment.refunded_at IS NOT NULL THEN payment.credits
            WHEN payment.refund_told_at IS NOT NULL THEN 0 END)
    """,
)
_ACCOUNTS = (
    """
    SELECT 'balance', 'user ' || cached.user_id, side.name || ' of ' || coalesce(total.amount, 0), side.amount::text
    FROM user_credits AS cached
    CROSS JOIN LATERAL (
        SELECT each.key AS name, each.value::bigint AS amount FROM jsonb_each_text(to_jsonb(cached)) AS each
        JOIN counted ON counted.name = each.key
    ) AS side
    LEFT JOIN total ON total.user_id = cached.user_id AND total.name = side.name
    WHERE side.amount <> coalesce(total.amount, 0)
    """,
    """
    SELECT 'account', 'user ' || users.id, 'a balance', 'none'
    FROM users LEFT JOIN user_credits ON user_credits.user_id = users.id WHERE user_credits.user_id IS NULL
    """,
    """
    SELECT 'account', 'user ' || user_credits.user_id, 'a user', 'a balance of nobody'
    FROM user_credits LEFT JOIN users ON users.id = user_credits.user_id WHERE users.id IS NULL
    """,
    """
    SELECT 'closed account', 'user ' || total.user_id, total.name || ' of 0', total.amount::text
    FROM total LEFT JOIN users ON users.id = total.user_id
    WHERE users.id IS NULL AND total.amount <> 0 AND total.name IN ('credits', 'held', 'owed')
    """,
    """
    SELECT 'closed too early', entry.row, 'a user who is gone', 'user ' || users.id
    FROM entry JOIN users ON users.id = entry.user_id WHERE entry.transaction_type IN ('close', 'write_off')
    """,
    """
    SELECT 'debt settled first', 'user ' || owed.user_id, 'nothing owed while ' || left_over.amount || ' can be spent',
        owed.amount::text
    FROM total AS owed JOIN total AS left_over USING (user_id)
    WHERE owed.name = 'owed' AND owed.amount > 0 AND left_over.name = 'credits' AND left_over.amount > 0
    """,
    """
    SELECT 'welcome', 'user ' || users.id, CASE WHEN users.welcomed THEN 'a gift' ELSE 'no gift' END,
        coalesce(entry.row, 'none')
    FROM users LEFT JOIN entry ON entry.user_id = users.id AND entry.transaction_type = 'gift'
    WHERE users.welcomed <> (entry.id IS NOT NULL)
    """,
)
_OPERATORS = (
    """
    SELECT 'refund by an operator', 'action ' || action.id,
        'one grant of ' || coalesce(paid.amount, 0) || ' to user ' || coalesce(action.user_id, 'nobody'),
        coalesce(given.number, 0) || ' of ' || coalesce(given.amount, 0) || ' for ' || action.credits
    FROM operator_actions AS action
    LEFT JOIN ending AS paid ON paid.job_id = action.job_id AND paid.transaction_type = 'capture'
    LEFT JOIN (
        SELECT user_id, reference, count(*) AS number, sum(amount) AS amount
        FROM entry WHERE transaction_type = 'grant' GROUP BY user_id, reference
    ) AS given ON given.reference = CAST(:refund_of AS text) || action.job_id AND given.user_id = action.user_id
    WHERE action.action = 'refund' AND action.result = 'done'
        AND (given.number, given.amount, action.credits) IS DISTINCT FROM (1::bigint, paid.amount::bigint, paid.amount)
    """,
)
CHECKS = (*_ENTRIES, *_JOBS, *_PAYMENTS, *_ACCOUNTS, *_OPERATORS)
