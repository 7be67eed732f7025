-- Wakes a run that has its turn: with its start, or, where it is taken up again, with what is in its inbox. False: it is over.
CREATE FUNCTION "begin_turn"(target TEXT, start_body TEXT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
  IF start_body IS NOT NULL THEN RETURN wake_run(target, 'start', start_body); END IF;
  UPDATE run SET wake = wake + 1 WHERE id = target AND finished_at IS NULL;
  IF NOT FOUND THEN RETURN FALSE; END IF;
  PERFORM pg_notify('inbox', target);
  PERFORM graphile_worker.add_job('run', json_build_object('run', target), job_key => 'run:' || target, max_attempts => 32767);
  RETURN TRUE;
END $$;

CREATE OR REPLACE FUNCTION "admit_runs"(flow TEXT, slot_key TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  next_in_line run_slot%ROWTYPE;
  held_now INTEGER;
BEGIN
  LOOP
    SELECT * INTO next_in_line FROM run_slot WHERE flow_id = flow AND key = slot_key AND NOT held ORDER BY place LIMIT 1;
    EXIT WHEN NOT FOUND;
    SELECT count(*) INTO held_now FROM run_slot WHERE flow_id = flow AND key = slot_key AND held;
    EXIT WHEN held_now >= next_in_line.most;
    IF begin_turn(next_in_line.run_id, next_in_line.start) THEN
      UPDATE run_slot SET held = TRUE, start = NULL WHERE run_id = next_in_line.run_id;
      UPDATE run SET headline = 'Queued' WHERE id = next_in_line.run_id;
    ELSE
      DELETE FROM run_slot WHERE run_id = next_in_line.run_id;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION "leave_slot_queue"(leaver TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  place run_slot%ROWTYPE;
BEGIN
  SELECT * INTO place FROM run_slot WHERE run_id = leaver;
  IF NOT FOUND OR place.held THEN RETURN; END IF;
  PERFORM enter_queue('slot', place.flow_id, place.key);
  DELETE FROM run_slot WHERE run_id = leaver AND NOT held RETURNING * INTO place;
  IF FOUND THEN
    PERFORM begin_turn(leaver, place.start);
    -- Those behind it may need less room than it did.
    PERFORM admit_runs(place.flow_id, place.key);
  END IF;
END $$;

-- Tells the run that waits for this one of its end; `told` tells one end from another.
CREATE FUNCTION "tell_parent"(child run, told TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  PERFORM wake_run(child.parent_run_id, 'child:' || child.parent_key || ':' || told, json_build_object(
    'kind', 'child-ended', 'key', child.parent_key, 'run', child.id,
    'outcome', CASE WHEN child.state IN ('succeeded', 'cancelled') THEN child.state ELSE 'failed' END,
    'outputs', child.outputs::json, 'error', child.error::json, 'number', child.number,
    'cost', child.cost, 'unknownCosts', child.unknown_costs, 'tokens', child.tokens)::text);
END $$;

CREATE OR REPLACE FUNCTION "run_is_over"() RETURNS trigger LANGUAGE plpgsql AS $$
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
    -- A run that is retried ends more than once.
    PERFORM tell_parent(NEW, NEW.epoch::text);
  END IF;
  RETURN NULL;
END $$;
