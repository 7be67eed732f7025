-- AlterTable
ALTER TABLE "model_alias" ADD COLUMN     "calls_per_minute" INTEGER,
ADD COLUMN     "max_calls" INTEGER,
ADD COLUMN     "tokens_per_minute" INTEGER;

-- CreateTable
CREATE TABLE "gate" (
    "name" TEXT NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "closed_until" TIMESTAMPTZ(3),
    "calls_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tokens_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gate_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "turn" (
    "id" BIGSERIAL NOT NULL,
    "gate" TEXT NOT NULL,
    "worker" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "granted_at" TIMESTAMPTZ(3),

    CONSTRAINT "turn_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "turn_gate_id_idx" ON "turn"("gate", "id");

-- CreateIndex
CREATE INDEX "turn_worker_idx" ON "turn"("worker");

-- Lets calls through a gate, the oldest first, as far as its limits allow (null: no limit), and tells their workers.
-- Answers in how many seconds it is worth asking again; null: the end of another call will tell.
CREATE FUNCTION "grant_turns"(gate_name text, most int, calls int, tokens int) RETURNS float8 LANGUAGE plpgsql AS $$
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
     AND NOT EXISTS (SELECT 1 FROM "worker" WHERE "worker"."id" = "turn"."worker" AND "worker"."died_at" IS NULL);
  SELECT count(*) INTO under_way FROM "turn" WHERE "gate" = gate_name AND "granted_at" IS NOT NULL;
  LOOP
    -- Of what was out, one call at a time finds out whether it is back.
    EXIT WHEN g."failures" >= 3 AND under_way >= 1;
    EXIT WHEN most IS NOT NULL AND under_way >= most;
    SELECT "id" INTO oldest FROM "turn" WHERE "gate" = gate_name AND "granted_at" IS NULL ORDER BY "id" LIMIT 1;
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

-- Puts a call at the end of those that wait, and lets through whom it may.
CREATE FUNCTION "ask_turn"(gate_name text, worker_id text, most int, calls int, tokens int,
                           OUT turn_id bigint, OUT wait float8, OUT granted boolean) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "turn" ("gate", "worker", "asked_at") VALUES (gate_name, worker_id, clock_timestamp())
    RETURNING "id" INTO turn_id;
  wait := grant_turns(gate_name, most, calls, tokens);
  SELECT "granted_at" IS NOT NULL INTO granted FROM "turn" WHERE "id" = turn_id;
END $$;

-- Notes how a call went: reached or not, or given up before it was made (null). Closes the gate for a while when it was
-- not reached, at least for so many seconds as the other side asked for: the longer the more often, a minute at most.
-- Answers the failures in a row and the seconds for which the gate is closed.
CREATE FUNCTION "note_call"(gate_name text, reached boolean, asked_for float8, used int, tokens int,
                            OUT in_a_row int, OUT closed float8) LANGUAGE plpgsql AS $$
DECLARE
  instant timestamptz := clock_timestamp();
BEGIN
  INSERT INTO "gate" ("name") VALUES (gate_name) ON CONFLICT DO NOTHING;
  UPDATE "gate" SET
    "failures" = CASE WHEN reached THEN 0 WHEN reached = false THEN "failures" + 1 ELSE "failures" END,
    "closed_until" = CASE
      WHEN reached THEN NULL
      WHEN reached = false AND ("failures" >= 2 OR asked_for > 0) THEN greatest("closed_until", instant
        + make_interval(secs => greatest(coalesce(asked_for, 0),
            CASE WHEN "failures" >= 2 THEN least(60, 2 ^ least("failures" - 2, 10)) * (0.5 + 0.5 * random()) ELSE 0 END)))
      ELSE "closed_until" END,
    "tokens_at" = CASE WHEN tokens IS NOT NULL AND used > 0
      THEN greatest("tokens_at", instant) + interval '1 minute' * (used::float8 / tokens) ELSE "tokens_at" END
   WHERE "name" = gate_name
  RETURNING "failures", greatest(0, coalesce(extract(epoch FROM "closed_until" - instant), 0)) INTO in_a_row, closed;
END $$;

-- Ends a call and lets the next ones through.
CREATE FUNCTION "end_turn"(turn_id bigint, gate_name text, reached boolean, asked_for float8, used int,
                           most int, calls int, tokens int,
                           OUT in_a_row int, OUT closed float8, OUT wait float8) LANGUAGE plpgsql AS $$
BEGIN
  SELECT * INTO in_a_row, closed FROM note_call(gate_name, reached, asked_for, used, tokens);
  DELETE FROM "turn" WHERE "id" = turn_id;
  wait := grant_turns(gate_name, most, calls, tokens);
END $$;
