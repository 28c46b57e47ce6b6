"""Ways to break a ledger behind the back of the database, one row at a time."""

from typing import NamedTuple


class Corruption(NamedTuple):
    """`change` is SQL that breaks a row of those that `target` selects and returns how that row is named.

    `check` is the rule that has to find it where others may as well.
    """

    name: str
    target: str
    change: str
    check: str = ""


ENTRY = "SELECT id::text FROM credit_transactions WHERE "
COPY = (
    "INSERT INTO credit_transactions "
    "(user_id, job_id, transaction_type, source, target, amount, balance_after, reference) SELECT "
    "user_id, job_id, transaction_type, source, target, amount, balance_after, reference "
)
CORRUPTIONS = [
    Corruption(
        "an amount is edited",
        ENTRY + "true",
        "UPDATE credit_transactions SET amount = amount + 7 WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "an amount is negative",
        ENTRY + "true",
        "UPDATE credit_transactions SET amount = -amount WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a balance is edited",
        ENTRY + "true",
        "UPDATE credit_transactions SET balance_after = balance_after + 1 WHERE id::text = :id "
        "RETURNING 'entry ' || id",
    ),
    Corruption(
        "a leg is swapped",
        ENTRY + "true",
        "UPDATE credit_transactions SET source = target, target = source WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a move goes elsewhere",
        ENTRY + "target <> 'refunded'",
        "UPDATE credit_transactions SET target = 'refunded' WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a hold ends twice",
        ENTRY + "transaction_type IN ('capture', 'release')",
        COPY + "FROM credit_transactions WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a book is held for twice",
        ENTRY + "transaction_type = 'hold'",
        COPY + "FROM credit_transactions WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "an ending is gone",
        ENTRY + "transaction_type IN ('capture', 'release')",
        "WITH gone AS (DELETE FROM credit_transactions WHERE id::text = :id RETURNING job_id) "
        "SELECT 'entry ' || id FROM credit_transactions JOIN gone USING (job_id) WHERE transaction_type = 'hold'",
    ),
    Corruption(
        "a hold is gone",
        "SELECT entry.id::text FROM credit_transactions entry JOIN jobs ON jobs.id = job_id "
        "WHERE transaction_type = 'hold'",
        "WITH gone AS (DELETE FROM credit_transactions WHERE id::text = :id RETURNING job_id) "
        "SELECT 'job ' || job_id FROM gone",
    ),
    Corruption(
        "a hold is for a job that never was",
        ENTRY + "transaction_type = 'hold'",
        "UPDATE credit_transactions SET job_id = 'job_of_nobody' WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a job is gone",
        "SELECT id FROM jobs",
        "WITH gone AS (DELETE FROM jobs WHERE id = :id RETURNING id) SELECT 'entry ' || credit_transactions.id "
        "FROM credit_transactions JOIN gone ON gone.id = job_id WHERE transaction_type = 'hold'",
    ),
    Corruption(
        "a job ended without its ending",
        "SELECT id FROM jobs WHERE status = 'queued'",
        "WITH ended AS (UPDATE jobs SET status = 'done' WHERE id = :id RETURNING id) "
        "SELECT 'entry ' || credit_transactions.id FROM credit_transactions JOIN ended ON ended.id = job_id",
    ),
    Corruption(
        "a job that failed is paid for",
        "SELECT id FROM jobs WHERE status = 'done'",
        "WITH failed AS (UPDATE jobs SET status = 'failed' WHERE id = :id RETURNING id) "
        "SELECT 'entry ' || credit_transactions.id FROM credit_transactions JOIN failed ON failed.id = job_id "
        "WHERE transaction_type = 'capture'",
    ),
    Corruption(
        "a job is somebody else's",
        "SELECT id FROM jobs",
        "WITH moved AS (UPDATE jobs SET user_id = 'somebody' WHERE id = :id RETURNING id) "
        "SELECT 'entry ' || credit_transactions.id FROM credit_transactions JOIN moved ON moved.id = job_id "
        "WHERE transaction_type = 'hold'",
    ),
    Corruption(
        "a gift is given twice",
        ENTRY + "transaction_type = 'gift'",
        COPY + "FROM credit_transactions WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a payment is entered twice",
        ENTRY + "transaction_type IN ('purchase', 'subscription')",
        COPY + "FROM credit_transactions WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a period is paid twice",
        ENTRY + "transaction_type = 'subscription'",
        "WITH again AS (INSERT INTO store_transactions SELECT (jsonb_populate_record(paid, "
        """jsonb '{"transaction_id": "again"}')).* FROM store_transactions AS paid JOIN credit_transactions AS entry """
        "ON entry.reference = paid.store || ':' || paid.transaction_id WHERE entry.id::text = :id) "
        "INSERT INTO credit_transactions "
        "(user_id, job_id, transaction_type, source, target, amount, balance_after, reference) SELECT "
        "user_id, job_id, transaction_type, source, target, amount, balance_after, 'development:again' "
        "FROM credit_transactions WHERE id::text = :id RETURNING 'entry ' || id",
    ),
    Corruption(
        "a payment never was",
        "SELECT transaction_id FROM store_transactions WHERE user_id IS NOT NULL",
        "WITH gone AS (DELETE FROM store_transactions WHERE transaction_id = :id RETURNING transaction_id) "
        "SELECT 'entry ' || id FROM credit_transactions JOIN gone ON reference = 'development:' || transaction_id "
        "WHERE transaction_type IN ('purchase', 'subscription')",
    ),
    Corruption(
        "a payment was of another amount",
        "SELECT transaction_id FROM store_transactions",
        "UPDATE store_transactions SET credits = credits + 1 WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
    ),
    Corruption(
        "a payment was somebody else's",
        "SELECT transaction_id FROM store_transactions WHERE user_id IS NOT NULL",
        "WITH other AS (UPDATE store_transactions SET user_id = 'somebody' WHERE transaction_id = :id RETURNING *) "
        "SELECT 'entry ' || id FROM credit_transactions JOIN other ON reference = 'development:' || transaction_id "
        "WHERE transaction_type IN ('purchase', 'subscription')",
    ),
    Corruption(
        "a refund was not entered",
        "SELECT transaction_id FROM store_transactions WHERE user_id IS NOT NULL AND refunded_at IS NULL",
        "UPDATE store_transactions SET refunded_at = now() WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
    ),
    Corruption(
        "a refund never was",
        "SELECT transaction_id FROM store_transactions WHERE refunded_at IS NOT NULL",
        "UPDATE store_transactions SET refunded_at = NULL WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
    ),
    Corruption(
        "a gift is larger than gifts are",
        ENTRY + "transaction_type = 'gift'",
        "UPDATE credit_transactions SET amount = 300 WHERE id::text = :id RETURNING 'entry ' || id",
        check="welcome gift",
    ),
    *(
        Corruption(
            f"a grant has {what} for a reason",
            ENTRY + "transaction_type = 'grant'",
            f"UPDATE credit_transactions SET reference = {reason} WHERE id::text = :id RETURNING 'entry ' || id",  # noqa: S608
            check="reason",
        )
        for what, reason in (("nothing", "NULL"), ("blanks", "'  '"))
    ),
    Corruption(
        "a book was held for at another price, to the end",
        "SELECT id FROM jobs",
        "WITH dearer AS (UPDATE credit_transactions SET amount = amount + 1 WHERE job_id = :id RETURNING *) "
        "SELECT 'entry ' || id FROM dearer WHERE transaction_type = 'hold'",
        check="price",
    ),
    Corruption(
        "a credit was taken for what is free",
        "SELECT id FROM jobs",
        "WITH free AS (UPDATE jobs SET kind = 'page' WHERE id = :id RETURNING id) "
        "SELECT 'entry ' || entry.id FROM credit_transactions AS entry JOIN free ON free.id = job_id "
        "WHERE transaction_type = 'hold'",
        check="price",
    ),
    Corruption(
        "a payment brought more than was bought, and so did its entry",
        "SELECT transaction_id FROM store_transactions WHERE claimed_at IS NOT NULL",
        "WITH more AS (UPDATE credit_transactions SET amount = amount + 45 WHERE reference = 'development:' || :id) "
        "UPDATE store_transactions SET credits = credits + 45 WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
        check="product",
    ),
    Corruption(
        "a payment of a plan brought less than was bought, and so did its entry and the balance",
        "SELECT transaction_id FROM store_transactions WHERE kind = 'subscription' AND user_id IS NOT NULL "
        "AND credits > 1",
        "WITH entry AS (UPDATE credit_transactions SET amount = 1 WHERE reference = 'development:' || :id) "
        "UPDATE store_transactions SET credits = 1 WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
        check="as much as was paid for",
    ),
    Corruption(
        "a payment of a plan is worth less than the plan, and brought no more",
        "SELECT transaction_id FROM store_transactions WHERE kind = 'subscription' AND user_id IS NOT NULL "
        "AND credits > 1",
        "WITH entry AS (UPDATE credit_transactions SET amount = 1 WHERE reference = 'development:' || :id) "
        "UPDATE store_transactions SET credits = 1, worth = 1 WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
        check="product",
    ),
    Corruption(
        "a change of plan is another subscription",
        "SELECT transaction_id FROM store_transactions WHERE kind = 'subscription' AND user_id IS NOT NULL",
        "WITH replaced AS (UPDATE store_transactions SET token = 'a token' WHERE transaction_id = :id RETURNING *), "
        "changed AS (INSERT INTO store_transactions SELECT (jsonb_populate_record(NULL::store_transactions, "
        """to_jsonb(replaced) || '{"transaction_id": "changed", "original_transaction_id": "changed", """
        """"replaced_token": "a token"}')).* FROM replaced RETURNING transaction_id) """
        "SELECT 'payment development:' || transaction_id FROM changed",
        check="change of plan",
    ),
    Corruption(
        "a payment is for what was never sold",
        "SELECT transaction_id FROM store_transactions WHERE claimed_at IS NOT NULL",
        "UPDATE store_transactions SET product_id = 'credits.500' WHERE transaction_id = :id "
        "RETURNING 'payment development:' || transaction_id",
        check="product",
    ),
    *(
        Corruption(
            f"there is a {closing} of a user who is here",
            "SELECT id FROM users",
            f"""
            INSERT INTO credit_transactions (user_id, transaction_type, source, target, amount, balance_after)
            VALUES (:id, '{closing}', '{source}', '{target}', 1, 0) RETURNING 'entry ' || id
            """,  # noqa: S608
            check="closed too early",
        )
        for closing, source, target in (("close", "available", "closed"), ("write_off", "closed", "owed"))
    ),
    *(
        Corruption(
            f"the cached {column} drifts",
            "SELECT user_id FROM user_credits",
            f"UPDATE user_credits SET {column} = {column} + 1 WHERE user_id = :id RETURNING 'user ' || user_id",  # noqa: S608
        )
        for column in ("credits", "held", "owed", "total_purchased", "total_used")
    ),
    Corruption(
        "a balance is gone",
        "SELECT user_id FROM user_credits",
        "DELETE FROM user_credits WHERE user_id = :id RETURNING 'user ' || user_id",
    ),
    Corruption(
        "a user is gone and the balance is not",
        "SELECT id FROM users",
        "DELETE FROM users WHERE id = :id RETURNING 'user ' || id",
    ),
    Corruption(
        "a welcome without a gift",
        "SELECT id FROM users",
        "UPDATE users SET welcomed = false WHERE id = :id RETURNING 'user ' || id",
    ),
]
