-- A part of another run's work ends with it: nothing follows it on its own.
CREATE OR REPLACE FUNCTION "run_completed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT NEW."internal" AND EXISTS (
    SELECT 1 FROM "trigger" JOIN "flow" ON "flow"."slug" = "trigger"."follows"
     WHERE "flow"."id" = NEW."flow_id" AND "trigger"."workspace_id" = NEW."workspace_id" AND "trigger"."active"
  ) THEN
    INSERT INTO "run_completion" ("run_id", "workspace_id", "flow_id", "created_at")
    VALUES (NEW."id", NEW."workspace_id", NEW."flow_id", clock_timestamp())
    ON CONFLICT ("run_id") DO UPDATE SET "created_at" = excluded."created_at";
    PERFORM graphile_worker.add_job('completion', json_build_object('run', NEW."id"),
      job_key => 'completion:' || NEW."id", max_attempts => 32767);
  END IF;
  RETURN NULL;
END $$;
