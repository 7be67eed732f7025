-- AlterTable
ALTER TABLE "gate" ADD COLUMN     "seconds" DOUBLE PRECISION;

-- Ends a call, notes how long it took, and lets the next ones through.
CREATE OR REPLACE FUNCTION "end_turn"(turn_id bigint, gate_name text, reached boolean, asked_for float8, used int,
                           most int, calls int, tokens int,
                           OUT in_a_row int, OUT closed float8, OUT wait float8) LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz;
BEGIN
  SELECT * INTO in_a_row, closed FROM note_call(gate_name, reached, asked_for, used, tokens);
  DELETE FROM "turn" WHERE "id" = turn_id RETURNING "granted_at" INTO since;
  IF most IS NOT NULL AND reached AND since IS NOT NULL THEN
    UPDATE "gate" SET "seconds" = coalesce("seconds" * 0.8, took * 0.8) + took * 0.2
      FROM (SELECT extract(epoch FROM clock_timestamp() - since)::float8) AS call(took) WHERE "name" = gate_name;
  END IF;
  wait := grant_turns(gate_name, most, calls, tokens);
END $$;

-- Seconds after which a call that stands far back in the line for one of `most` places is to be asked for again: half of
-- what it will take until it stands in front, as calls have taken and those under way take already. Null for those in
-- front: a place that gets free is theirs at once.
CREATE FUNCTION "place_expected"(gate_name text, turn_id bigint, most int) RETURNS float8 LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN line.ahead >= 2 * most
              THEN (line.ahead - most) * greatest("gate"."seconds", line.age) / most / 2 END
    FROM "gate",
         (SELECT count(*) FILTER (WHERE "granted_at" IS NULL AND "id" < turn_id) AS ahead,
                 extract(epoch FROM clock_timestamp() - to_timestamp(avg(extract(epoch FROM "granted_at"))))::float8 AS age
            FROM "turn" WHERE "gate" = gate_name) AS line
   WHERE "gate"."name" = gate_name
$$;

CREATE OR REPLACE FUNCTION "ask_turn"(gate_name text, worker_id text, most int, calls int, tokens int, place_name text DEFAULT NULL,
                           OUT turn_id bigint, OUT wait float8, OUT granted boolean, OUT expected float8) LANGUAGE plpgsql AS $$
DECLARE
  ahead int;
BEGIN
  INSERT INTO "turn" AS kept ("gate", "worker", "asked_at", "place") VALUES (gate_name, worker_id, clock_timestamp(), place_name)
    ON CONFLICT ("gate", "place") DO UPDATE SET "worker" = excluded."worker", "asked_at" = excluded."asked_at", "kept_until" = NULL
    RETURNING "id" INTO turn_id;
  wait := grant_turns(gate_name, most, calls, tokens);
  SELECT "granted_at" IS NOT NULL INTO granted FROM "turn" WHERE "id" = turn_id;
  IF granted THEN RETURN; END IF;
  IF wait > 0 THEN
    SELECT count(*) INTO ahead FROM "turn" WHERE "gate" = gate_name AND "granted_at" IS NULL AND "id" < turn_id;
    expected := wait + CASE WHEN calls IS NULL THEN 0 ELSE ahead * 60.0 / calls END;
  END IF;
  IF most IS NOT NULL THEN expected := greatest(expected, place_expected(gate_name, turn_id, most)); END IF;
END $$;
