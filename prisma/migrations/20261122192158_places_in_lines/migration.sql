-- AlterTable
ALTER TABLE "turn" ADD COLUMN     "kept_until" TIMESTAMPTZ(3),
ADD COLUMN     "place" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "turn_gate_place_key" ON "turn"("gate", "place");

-- Those whose runs wait elsewhere keep their place in the line, but are passed over while they are away.
CREATE OR REPLACE FUNCTION "grant_turns"(gate_name text, most int, calls int, tokens int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  g "gate"%ROWTYPE;
  instant timestamptz := clock_timestamp();
  burst interval := interval '10 seconds';
  under_way int;
  oldest bigint;
  wait float8;
BEGIN
  INSERT INTO "gate" ("name") VALUES (gate_name) ON CONFLICT DO NOTHING;
  SELECT * INTO g FROM "gate" WHERE "name" = gate_name FOR UPDATE;
  DELETE FROM "turn" WHERE "gate" = gate_name
     AND CASE WHEN "kept_until" IS NOT NULL THEN "kept_until" < instant
         ELSE NOT EXISTS (SELECT 1 FROM "worker" WHERE "worker"."id" = "turn"."worker" AND "worker"."died_at" IS NULL) END;
  SELECT count(*) INTO under_way FROM "turn" WHERE "gate" = gate_name AND "granted_at" IS NOT NULL;
  LOOP
    -- Of what was out, one call at a time finds out whether it is back.
    EXIT WHEN g."failures" >= 3 AND under_way >= 1;
    EXIT WHEN most IS NOT NULL AND under_way >= most;
    SELECT "id" INTO oldest FROM "turn"
     WHERE "gate" = gate_name AND "granted_at" IS NULL AND "kept_until" IS NULL ORDER BY "id" LIMIT 1;
    EXIT WHEN NOT FOUND;
    wait := greatest(
      extract(epoch FROM g."closed_until" - instant),
      CASE WHEN calls IS NOT NULL THEN extract(epoch FROM g."calls_at" - burst - instant) END,
      CASE WHEN tokens IS NOT NULL THEN extract(epoch FROM g."tokens_at" - burst - instant) END);
    EXIT WHEN wait > 0;
    UPDATE "turn" SET "granted_at" = instant WHERE "id" = oldest;
    PERFORM pg_notify('turn', oldest::text);
    under_way := under_way + 1;
    IF calls IS NOT NULL THEN
      g."calls_at" := greatest(g."calls_at", instant) + interval '1 minute' / calls;
    END IF;
    wait := NULL;
  END LOOP;
  UPDATE "gate" SET "calls_at" = g."calls_at" WHERE "name" = gate_name AND "calls_at" <> g."calls_at";
  RETURN CASE WHEN wait > 0 THEN wait END;
END $$;

-- Asked again under the same name, a call is where it was. `expected`: seconds until its turn, as far as limits a minute tell.
DROP FUNCTION "ask_turn"(text, text, int, int, int);
CREATE FUNCTION "ask_turn"(gate_name text, worker_id text, most int, calls int, tokens int, place_name text DEFAULT NULL,
                           OUT turn_id bigint, OUT wait float8, OUT granted boolean, OUT expected float8) LANGUAGE plpgsql AS $$
DECLARE
  ahead int;
BEGIN
  INSERT INTO "turn" AS kept ("gate", "worker", "asked_at", "place") VALUES (gate_name, worker_id, clock_timestamp(), place_name)
    ON CONFLICT ("gate", "place") DO UPDATE SET "worker" = excluded."worker", "asked_at" = excluded."asked_at", "kept_until" = NULL
    RETURNING "id" INTO turn_id;
  wait := grant_turns(gate_name, most, calls, tokens);
  SELECT "granted_at" IS NOT NULL INTO granted FROM "turn" WHERE "id" = turn_id;
  IF NOT granted AND wait > 0 THEN
    SELECT count(*) INTO ahead FROM "turn" WHERE "gate" = gate_name AND "granted_at" IS NULL AND "id" < turn_id;
    expected := wait + CASE WHEN calls IS NULL THEN 0 ELSE ahead * 60.0 / calls END;
  END IF;
END $$;
