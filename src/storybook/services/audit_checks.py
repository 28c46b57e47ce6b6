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
), refund AS MATERIALIZED (
    SELECT reference, min(id) AS id, min(user_id) AS user_id, sum(amount) AS amount
    FROM entry WHERE transaction_type IN ('refund', 'debt') GROUP BY reference
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
                WHEN transaction_type IN ('purchase', 'subscription', 'refund', 'debt')
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
        coalesce(payment.due || ' of ' || payment.credits || ' by ' || coalesce('user ' || payment.user_id, 'nobody'),
            'a payment of a store'),
        entry.transaction_type || ' of ' || entry.amount || ' by user ' || entry.user_id || ' for '
            || coalesce(entry.reference, 'nothing')
    FROM entry LEFT JOIN payment USING (reference)
    WHERE entry.transaction_type IN ('purchase', 'subscription') AND (
        payment.claimed_at IS NULL OR payment.due IS DISTINCT FROM entry.transaction_type
        OR payment.credits <> entry.amount
        OR payment.user_id <> entry.user_id
        OR (payment.user_id IS NULL AND EXISTS (SELECT FROM users WHERE users.id = entry.user_id))
    )
    """,
    """
    SELECT 'product', 'payment ' || payment.reference,
        coalesce(product.kind || ' of ' || product.credits, 'a product that is sold'),
        coalesce(payment.kind, 'nothing') || ' of ' || payment.credits || ' for '
            || coalesce(payment.product_id, 'nothing')
    FROM payment LEFT JOIN product ON product.id = payment.product_id
    WHERE payment.claimed_at IS NOT NULL
        AND (product.kind, product.credits) IS DISTINCT FROM (payment.kind::text, payment.credits)
        AND NOT (product.kind = 'subscription' AND payment.kind = 'subscription' AND payment.credits < product.credits)
    """,
    """
    SELECT 'once a period', again.row, 'one payment until ' || again.period_end, 'number ' || again.number
    FROM (
        SELECT entry.row, payment.period_end, row_number() OVER (
            PARTITION BY payment.store, payment.original_transaction_id, payment.product_id, payment.period_end
            ORDER BY entry.id) AS number
        FROM entry JOIN payment USING (reference)
        WHERE entry.transaction_type = 'subscription' AND payment.kind = 'subscription' AND payment.refunded_at IS NULL
    ) AS again
    WHERE again.number > 1
    """,
    """
    SELECT 'once for the same time', 'payment ' || later.reference, best.credits || ' beside ' || earlier.reference,
        (earlier.credits + later.credits)::text
    FROM payment AS earlier
    JOIN payment AS later USING (store, original_transaction_id)
    JOIN product AS of_earlier ON of_earlier.id = earlier.product_id
    JOIN product AS of_later ON of_later.id = later.product_id
    CROSS JOIN LATERAL (SELECT greatest(of_earlier.credits, of_later.credits) AS credits) AS best
    CROSS JOIN LATERAL (SELECT
        least(earlier.period_end, later.period_end) - greatest(earlier.purchased_at, later.purchased_at) AS shared,
        least(earlier.period_end - earlier.purchased_at, later.period_end - later.purchased_at) AS shorter) AS time
    WHERE earlier.transaction_id < later.transaction_id
        AND earlier.claimed_at IS NOT NULL AND earlier.refunded_at IS NULL
        AND later.claimed_at IS NOT NULL AND later.refunded_at IS NULL AND time.shared * 2 > time.shorter
        AND earlier.credits + later.credits > best.credits
    """,
    """
    SELECT 'credits of the payment', 'payment ' || payment.reference, 'an entry of ' || payment.credits, 'none'
    FROM payment LEFT JOIN entry ON entry.reference = payment.reference AND entry.transaction_type = payment.due
    WHERE entry.id IS NULL AND payment.claimed_at IS NOT NULL AND payment.user_id IS NOT NULL AND payment.credits > 0
    """,
    """
    SELECT 'refund', coalesce('entry ' || refund.id, 'payment ' || payment.reference),
        CASE WHEN payment.refunded_at IS NULL THEN 'a payment that was refunded'
            ELSE payment.credits || ' of ' || coalesce('user ' || payment.user_id, 'nobody') END,
        CASE WHEN refund.id IS NULL THEN 'nothing' ELSE refund.amount || ' of user ' || refund.user_id END
    FROM refund FULL JOIN payment USING (reference)
    WHERE (refund.id IS NOT NULL AND (
            payment.refunded_at IS NULL OR payment.credits <> refund.amount OR payment.user_id <> refund.user_id))
        OR (refund.id IS NULL AND payment.refunded_at IS NOT NULL AND payment.claimed_at IS NOT NULL
            AND payment.user_id IS NOT NULL AND payment.credits > 0)
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
CHECKS = (*_ENTRIES, *_JOBS, *_PAYMENTS, *_ACCOUNTS)
