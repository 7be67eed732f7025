-- AlterTable
ALTER TABLE "run" ADD COLUMN     "slot_key" TEXT,
ADD COLUMN     "slot_most" INTEGER;

-- CreateIndex
CREATE INDEX "trigger_outcome_at_idx" ON "trigger_outcome"("at");

-- As before, but a run that is over is given no place: a start that is asked for again must not take one that nobody gives up.
CREATE OR REPLACE FUNCTION "take_slot"(taker TEXT, ws TEXT, flow TEXT, slot_key TEXT, slot_most INTEGER, may_wait BOOLEAN, start_body TEXT)
RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
  there BOOLEAN;
  free BOOLEAN;
BEGIN
  PERFORM enter_queue('slot', flow, slot_key);
  IF EXISTS (SELECT 1 FROM run WHERE run.id = taker AND run.finished_at IS NOT NULL) THEN RETURN 'held'; END IF;
  SELECT held INTO there FROM run_slot WHERE run_id = taker;
  IF FOUND THEN RETURN CASE WHEN there THEN 'held' ELSE 'queued' END; END IF;
  SELECT count(*) FILTER (WHERE held) < slot_most AND count(*) FILTER (WHERE NOT held) = 0 INTO free
    FROM run_slot WHERE flow_id = flow AND key = take_slot.slot_key;
  IF NOT free AND NOT may_wait THEN RETURN 'full'; END IF;
  INSERT INTO run_slot (run_id, workspace_id, flow_id, key, most, held, start)
  VALUES (taker, ws, flow, slot_key, slot_most, free, CASE WHEN free THEN NULL ELSE start_body END);
  RETURN CASE WHEN free THEN 'held' ELSE 'queued' END;
END $$;
