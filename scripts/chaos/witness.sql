-- Lives in the bench's database beside the product's tables: notes who writes what, and can hold a write up.
CREATE SCHEMA chaos;
CREATE TABLE chaos.writes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role text NOT NULL DEFAULT session_user,
    relation text NOT NULL, op text NOT NULL,
    txn text NOT NULL DEFAULT pg_current_xact_id()::text,
    job_id text, step text, page int, fence bigint, writer text, claimed_by text, was text, now text
);
CREATE TABLE chaos.traps (
    id int PRIMARY KEY, relation text NOT NULL, op text NOT NULL, moment text NOT NULL,
    becomes jsonb NOT NULL, gets text, book int NOT NULL
);

-- A row that becomes like this, or gets a value where it had none, waits for the lock that the bench holds.
CREATE FUNCTION chaos.hold_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    new_row jsonb := to_jsonb(NEW);
    old_row jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    trap int;
BEGIN
    SELECT id INTO trap FROM chaos.traps
    WHERE relation = TG_TABLE_NAME AND op = TG_OP AND moment = TG_WHEN
        AND new_row @> becomes AND (TG_OP = 'INSERT' OR gets IS NOT NULL OR NOT old_row @> becomes)
        AND (gets IS NULL OR (old_row ->> gets IS NULL AND new_row ->> gets IS NOT NULL))
        AND EXISTS (SELECT FROM jobs LEFT JOIN books ON books.job_id = jobs.id
            WHERE (jobs.id IN (new_row ->> 'job_id', new_row ->> 'id') OR books.id = new_row ->> 'book_id')
            AND jobs.request #>> '{spec,topic}' LIKE '% number ' || book) LIMIT 1;
    IF trap IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(7000, trap);
    END IF;
    RETURN NEW;
END $$;

-- The writer is who has signed the statement for this very job, see inside/sitecustomize.py: its process and its fence.
-- `fence` is what the job's row says at that moment.
CREATE FUNCTION chaos.note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    new_row jsonb := to_jsonb(NEW);
    old_row jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    job text := coalesce(new_row ->> 'job_id', new_row ->> 'id');
    is_job boolean := TG_TABLE_NAME = 'jobs';
    signed text[] := regexp_match(current_query(), '^/\* by (\d+) for (\S+) under (\d+) \*/');
    step text := CASE TG_TABLE_NAME WHEN 'story_drafts' THEN 'generate_story' WHEN 'image_prompts'
        THEN 'generate_image_prompts' WHEN 'jobs' THEN new_row ->> 'current_step' WHEN 'credit_transactions'
        THEN new_row ->> 'transaction_type' WHEN 'books' THEN 'package' ELSE new_row ->> 'step' END;
BEGIN
    INSERT INTO chaos.writes (relation, op, job_id, step, page, fence, writer, claimed_by, was, now)
    SELECT TG_TABLE_NAME, TG_OP, job, step, coalesce((new_row ->> 'page_number')::int, (new_row ->> 'page')::int, -1),
        CASE WHEN is_job THEN (new_row ->> 'fence')::bigint ELSE (SELECT fence FROM jobs WHERE id = job) END,
        CASE WHEN signed[2] = job THEN signed[1] || ':' || signed[3] END,
        CASE WHEN is_job AND (new_row ->> 'lease_owner', new_row ->> 'fence')
            IS DISTINCT FROM (old_row ->> 'lease_owner', old_row ->> 'fence') THEN new_row ->> 'lease_owner' END,
        CASE WHEN is_job THEN old_row ->> 'status' END, CASE WHEN is_job THEN new_row ->> 'status' END;
    RETURN NULL;
END $$;

CREATE TRIGGER chaos_note AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_note AFTER INSERT ON provider_calls FOR EACH ROW EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_note AFTER INSERT ON books FOR EACH ROW EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_note AFTER INSERT ON credit_transactions FOR EACH ROW
    WHEN (NEW.transaction_type IN ('capture', 'release')) EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON step_artifacts FOR EACH ROW EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON story_drafts FOR EACH ROW EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON image_prompts FOR EACH ROW EXECUTE FUNCTION chaos.note();

DO $$ DECLARE relation text; moment text; BEGIN
    FOREACH relation IN ARRAY ARRAY['jobs', 'provider_calls', 'books', 'pages', 'credit_transactions',
        'step_artifacts', 'story_drafts', 'image_prompts'] LOOP
        FOREACH moment IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
            EXECUTE format('CREATE TRIGGER chaos_hold_up_%s %s INSERT OR UPDATE ON %I '
                'FOR EACH ROW EXECUTE FUNCTION chaos.hold_up()', lower(moment), moment, relation);
        END LOOP;
    END LOOP;
END $$;
