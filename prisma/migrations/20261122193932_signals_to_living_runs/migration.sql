-- A run's row is held before its signal is put down: one that ends at that very moment has either had the signal before its
-- end, or does not get it and is not counted as having got it.
CREATE OR REPLACE FUNCTION "wake_run"(target TEXT, item_source TEXT, item_body TEXT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
  held_by TEXT;
BEGIN
  SELECT owner INTO held_by FROM run WHERE id = target AND finished_at IS NULL FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN FALSE; END IF;
  INSERT INTO run_inbox (id, run_id, source, body, created_at)
  VALUES ('inbx_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 26), target, item_source, item_body, clock_timestamp())
  ON CONFLICT (run_id, source) DO NOTHING;
  IF NOT FOUND THEN RETURN FALSE; END IF;
  UPDATE run SET wake = wake + 1 WHERE id = target;
  PERFORM pg_notify('inbox', target);
  IF held_by IS NULL THEN
    PERFORM graphile_worker.add_job('run', json_build_object('run', target), job_key => 'run:' || target, max_attempts => 32767);
  END IF;
  RETURN TRUE;
END $$;

-- Plain hashes of what starts were asked for: a key that comes again within its days means the same start from now on.
UPDATE "start_key" SET "asked" = '' WHERE "asked" <> '';
