-- AlterTable
ALTER TABLE "run" ADD COLUMN     "crosses" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "internal" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "parent_key" TEXT,
ADD COLUMN     "parent_path" TEXT,
ADD COLUMN     "parent_run_id" TEXT,
ADD COLUMN     "parent_waits" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "run_slot" (
    "run_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "flow_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "most" INTEGER NOT NULL,
    "place" BIGSERIAL NOT NULL,
    "held" BOOLEAN NOT NULL,
    "start" TEXT,

    CONSTRAINT "run_slot_pkey" PRIMARY KEY ("run_id")
);

-- CreateTable
CREATE TABLE "run_lock" (
    "key" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "place" BIGSERIAL NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "granted_at" TIMESTAMPTZ(3),

    CONSTRAINT "run_lock_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "event_wait" (
    "key" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_wait_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "sent_event" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "by_kind" TEXT NOT NULL,
    "by_id" TEXT NOT NULL,
    "by_name" TEXT NOT NULL,
    "place" BIGSERIAL NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "received_at" TIMESTAMPTZ(3),

    CONSTRAINT "sent_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "run_slot_flow_id_key_place_idx" ON "run_slot"("flow_id", "key", "place");

-- CreateIndex
CREATE INDEX "run_lock_workspace_id_name_place_idx" ON "run_lock"("workspace_id", "name", "place");

-- CreateIndex
CREATE INDEX "run_lock_run_id_idx" ON "run_lock"("run_id");

-- CreateIndex
CREATE INDEX "event_wait_workspace_id_name_about_idx" ON "event_wait"("workspace_id", "name", "about");

-- CreateIndex
CREATE INDEX "event_wait_run_id_idx" ON "event_wait"("run_id");

-- CreateIndex
CREATE INDEX "sent_event_workspace_id_name_about_place_idx" ON "sent_event"("workspace_id", "name", "about", "place");

-- CreateIndex
CREATE INDEX "sent_event_created_at_idx" ON "sent_event"("created_at");

-- CreateIndex
CREATE INDEX "run_parent_run_id_idx" ON "run"("parent_run_id");

-- Numbers of runs that are parts of others, made negative.
CREATE SEQUENCE "internal_run_number" AS INTEGER CYCLE;

-- What reaches from one run to another happens in the transaction of its cause, whichever statement that is.

-- Puts a signal into a run's inbox and wakes it. False: the source was there already, or the run is over.
CREATE FUNCTION "wake_run"(target TEXT, item_source TEXT, item_body TEXT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
  held_by TEXT;
BEGIN
  INSERT INTO run_inbox (id, run_id, source, body, created_at)
  SELECT 'inbx_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 26), run.id, item_source, item_body, clock_timestamp()
    FROM run WHERE run.id = target AND run.finished_at IS NULL
  ON CONFLICT (run_id, source) DO NOTHING;
  IF NOT FOUND THEN RETURN FALSE; END IF;
  UPDATE run SET wake = wake + 1 WHERE id = target RETURNING owner INTO held_by;
  PERFORM pg_notify('inbox', target);
  IF held_by IS NULL THEN
    PERFORM graphile_worker.add_job('run', json_build_object('run', target), job_key => 'run:' || target, max_attempts => 32767);
  END IF;
  RETURN TRUE;
END $$;

-- Serialises what concerns one queue until the transaction ends.
CREATE FUNCTION "enter_queue"(kind TEXT, place TEXT, name TEXT) RETURNS VOID LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtextextended(kind || ' ' || place || ' ' || name, 0));
$$;

-- Locks

-- Hands a lock to the first in line. The caller is in the lock's queue.
CREATE FUNCTION "grant_lock"(ws TEXT, lock_name TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  first_in_line run_lock%ROWTYPE;
BEGIN
  LOOP
    SELECT * INTO first_in_line FROM run_lock WHERE workspace_id = ws AND name = lock_name ORDER BY place LIMIT 1;
    EXIT WHEN NOT FOUND OR first_in_line.granted_at IS NOT NULL;
    UPDATE run_lock SET granted_at = clock_timestamp() WHERE key = first_in_line.key;
    EXIT WHEN wake_run(first_in_line.run_id, 'lock:' || first_in_line.key,
                       json_build_object('kind', 'lock-granted', 'key', first_in_line.key)::text);
    DELETE FROM run_lock WHERE key = first_in_line.key;
  END LOOP;
END $$;

-- Puts a task into the queue for a lock, once by its key. A task within one that holds the lock, also one of a run that
-- started this run and waits for it, has the lock already.
CREATE FUNCTION "ask_lock"(ws TEXT, lock_name TEXT, ask_key TEXT, asker TEXT, asker_epoch INTEGER, at_path TEXT)
RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  granted TEXT := json_build_object('kind', 'lock-granted', 'key', ask_key)::text;
BEGIN
  UPDATE run SET crosses = TRUE WHERE id = asker AND epoch = asker_epoch AND finished_at IS NULL;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM enter_queue('lock', ws, lock_name);
  IF EXISTS (
    WITH RECURSIVE line AS (
      SELECT parent_run_id AS run_id, parent_path AS path FROM run WHERE id = asker AND parent_waits
      UNION ALL
      SELECT run.parent_run_id, run.parent_path FROM line JOIN run ON run.id = line.run_id WHERE run.parent_waits
    )
    SELECT 1 FROM line JOIN run_lock AS held ON held.run_id = line.run_id
     WHERE held.workspace_id = ws AND held.name = lock_name AND held.granted_at IS NOT NULL
       AND (line.path = held.path OR starts_with(line.path, held.path || '/') OR starts_with(line.path, held.path || '['))
  ) THEN
    PERFORM wake_run(asker, 'lock:' || ask_key, granted);
    RETURN;
  END IF;
  INSERT INTO run_lock (key, workspace_id, name, run_id, path, asked_at)
  VALUES (ask_key, ws, lock_name, asker, at_path, clock_timestamp()) ON CONFLICT (key) DO NOTHING;
  PERFORM grant_lock(ws, lock_name);
END $$;

-- Takes a task out of the queue for its lock and hands the lock on.
CREATE FUNCTION "release_lock"(ask_key TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  held run_lock%ROWTYPE;
BEGIN
  SELECT * INTO held FROM run_lock WHERE key = ask_key;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM enter_queue('lock', held.workspace_id, held.name);
  DELETE FROM run_lock WHERE key = ask_key;
  PERFORM grant_lock(held.workspace_id, held.name);
END $$;

-- Events

-- Hands an event to the runs that wait for it; kept for the next one where there is none. Answers how many got it.
CREATE FUNCTION "send_event"(event_id TEXT, ws TEXT, event_name TEXT, event_about TEXT, event_payload TEXT,
                             kind TEXT, actor TEXT, actor_name TEXT) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
  waiting event_wait%ROWTYPE;
  received INTEGER := 0;
BEGIN
  PERFORM enter_queue('event', ws, event_name || ' ' || event_about);
  FOR waiting IN
    SELECT * FROM event_wait WHERE workspace_id = ws AND name = event_name AND about = event_about ORDER BY created_at, key FOR UPDATE
  LOOP
    IF wake_run(waiting.run_id, 'event:' || waiting.key, json_build_object(
         'kind', 'event', 'key', waiting.key, 'payload', event_payload::json,
         'by', json_build_object('kind', kind, 'id', actor, 'name', actor_name))::text) THEN
      received := received + 1;
    END IF;
    DELETE FROM event_wait WHERE key = waiting.key;
  END LOOP;
  INSERT INTO sent_event (id, workspace_id, name, about, payload, by_kind, by_id, by_name, created_at, received_at)
  VALUES (event_id, ws, event_name, event_about, event_payload, kind, actor, actor_name, clock_timestamp(),
          CASE WHEN received > 0 THEN clock_timestamp() END);
  RETURN received;
END $$;

-- Has a task wait for an event, once by its key; gives it the oldest one kept that is not older than `kept_for`.
CREATE FUNCTION "await_event"(ws TEXT, event_name TEXT, event_about TEXT, wait_key TEXT, waiter TEXT, waiter_epoch INTEGER,
                              at_path TEXT, kept_for DOUBLE PRECISION) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  kept sent_event%ROWTYPE;
BEGIN
  UPDATE run SET crosses = TRUE WHERE id = waiter AND epoch = waiter_epoch AND finished_at IS NULL;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM enter_queue('event', ws, event_name || ' ' || event_about);
  IF EXISTS (SELECT 1 FROM run_inbox WHERE run_id = waiter AND source = 'event:' || wait_key) THEN RETURN; END IF;
  SELECT * INTO kept FROM sent_event
   WHERE workspace_id = ws AND name = event_name AND about = event_about AND received_at IS NULL
     AND created_at > clock_timestamp() - make_interval(secs => kept_for)
   ORDER BY place LIMIT 1;
  IF NOT FOUND THEN
    INSERT INTO event_wait (key, workspace_id, name, about, run_id, path, created_at)
    VALUES (wait_key, ws, event_name, event_about, waiter, at_path, clock_timestamp()) ON CONFLICT (key) DO NOTHING;
    RETURN;
  END IF;
  UPDATE sent_event SET received_at = clock_timestamp() WHERE id = kept.id;
  PERFORM wake_run(waiter, 'event:' || wait_key, json_build_object(
    'kind', 'event', 'key', wait_key, 'payload', kept.payload::json,
    'by', json_build_object('kind', kept.by_kind, 'id', kept.by_id, 'name', kept.by_name))::text);
END $$;

-- Concurrency of flows

-- Gives a run a place among those of its key: 'held', 'queued', or 'full' where it would have to wait and may not.
CREATE FUNCTION "take_slot"(taker TEXT, ws TEXT, flow TEXT, slot_key TEXT, slot_most INTEGER, may_wait BOOLEAN, start_body TEXT)
RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
  there BOOLEAN;
  free BOOLEAN;
BEGIN
  PERFORM enter_queue('slot', flow, slot_key);
  SELECT held INTO there FROM run_slot WHERE run_id = taker;
  IF FOUND THEN RETURN CASE WHEN there THEN 'held' ELSE 'queued' END; END IF;
  SELECT count(*) FILTER (WHERE held) < slot_most AND count(*) FILTER (WHERE NOT held) = 0 INTO free
    FROM run_slot WHERE flow_id = flow AND key = slot_key;
  IF NOT free AND NOT may_wait THEN RETURN 'full'; END IF;
  INSERT INTO run_slot (run_id, workspace_id, flow_id, key, most, held, start)
  VALUES (taker, ws, flow, slot_key, slot_most, free, CASE WHEN free THEN NULL ELSE start_body END);
  RETURN CASE WHEN free THEN 'held' ELSE 'queued' END;
END $$;

-- Starts the runs in line for which there is room. The caller is in the queue of the key.
CREATE FUNCTION "admit_runs"(flow TEXT, slot_key TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  next_in_line run_slot%ROWTYPE;
  held_now INTEGER;
BEGIN
  LOOP
    SELECT * INTO next_in_line FROM run_slot WHERE flow_id = flow AND key = slot_key AND NOT held ORDER BY place LIMIT 1;
    EXIT WHEN NOT FOUND;
    SELECT count(*) INTO held_now FROM run_slot WHERE flow_id = flow AND key = slot_key AND held;
    EXIT WHEN held_now >= next_in_line.most;
    IF wake_run(next_in_line.run_id, 'start', next_in_line.start) THEN
      UPDATE run_slot SET held = TRUE, start = NULL WHERE run_id = next_in_line.run_id;
      UPDATE run SET headline = 'Queued' WHERE id = next_in_line.run_id;
    ELSE
      DELETE FROM run_slot WHERE run_id = next_in_line.run_id;
    END IF;
  END LOOP;
END $$;

-- Takes a run that waits for its turn out of the queue, so that it can be told to end.
CREATE FUNCTION "leave_slot_queue"(leaver TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  place run_slot%ROWTYPE;
BEGIN
  SELECT * INTO place FROM run_slot WHERE run_id = leaver;
  IF NOT FOUND OR place.held THEN RETURN; END IF;
  PERFORM enter_queue('slot', place.flow_id, place.key);
  DELETE FROM run_slot WHERE run_id = leaver AND NOT held RETURNING * INTO place;
  IF FOUND THEN
    PERFORM wake_run(leaver, 'start', place.start);
    -- Those behind it may need less room than it did.
    PERFORM admit_runs(place.flow_id, place.key);
  END IF;
END $$;

-- The end of a run

CREATE FUNCTION "run_is_over"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held RECORD;
  place run_slot%ROWTYPE;
  child RECORD;
BEGIN
  FOR held IN SELECT DISTINCT workspace_id, name FROM run_lock WHERE run_id = NEW.id ORDER BY name LOOP
    PERFORM enter_queue('lock', held.workspace_id, held.name);
    DELETE FROM run_lock WHERE run_id = NEW.id AND name = held.name;
    PERFORM grant_lock(held.workspace_id, held.name);
  END LOOP;
  DELETE FROM event_wait WHERE run_id = NEW.id;
  SELECT * INTO place FROM run_slot WHERE run_id = NEW.id;
  IF FOUND THEN
    PERFORM enter_queue('slot', place.flow_id, place.key);
    DELETE FROM run_slot WHERE run_id = NEW.id;
    PERFORM admit_runs(place.flow_id, place.key);
  END IF;
  FOR child IN SELECT id FROM run WHERE parent_run_id = NEW.id AND parent_waits AND finished_at IS NULL LOOP
    PERFORM leave_slot_queue(child.id);
    PERFORM wake_run(child.id, 'cancel', json_build_object(
      'kind', 'cancel', 'by', json_build_object('kind', 'system', 'id', 'engine', 'name', 'Baton'),
      'reason', 'The run that waited for this one is over.')::text);
  END LOOP;
  IF NEW.parent_waits THEN
    PERFORM wake_run(NEW.parent_run_id, 'child:' || NEW.parent_key, json_build_object(
      'kind', 'child-ended', 'key', NEW.parent_key, 'run', NEW.id,
      'outcome', CASE WHEN NEW.state IN ('succeeded', 'cancelled') THEN NEW.state ELSE 'failed' END,
      'outputs', NEW.outputs::json, 'error', NEW.error::json, 'number', NEW.number,
      'cost', NEW.cost, 'unknownCosts', NEW.unknown_costs, 'tokens', NEW.tokens)::text);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER "run_is_over" AFTER UPDATE OF "finished_at" ON "run" FOR EACH ROW
WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND NEW.crosses)
EXECUTE FUNCTION "run_is_over"();
