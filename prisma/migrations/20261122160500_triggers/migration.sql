-- CreateTable
CREATE TABLE "trigger" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "flow_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "definition" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "paused_at" TIMESTAMPTZ(3),
    "paused_name" TEXT,
    "token_hash" TEXT,
    "token" TEXT,
    "signing_key" TEXT,
    "follows" TEXT,
    "scheduled_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "trigger_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trigger_outcome" (
    "id" TEXT NOT NULL,
    "trigger_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "scheduled_at" TIMESTAMPTZ(3),
    "outcome" TEXT NOT NULL,
    "run_id" TEXT,
    "message" TEXT NOT NULL DEFAULT '',
    "count" INTEGER NOT NULL DEFAULT 1,
    "depth" INTEGER NOT NULL DEFAULT 0,
    "crowd" TEXT,

    CONSTRAINT "trigger_outcome_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trigger_rate" (
    "trigger_id" TEXT NOT NULL,
    "tokens" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "trigger_rate_pkey" PRIMARY KEY ("trigger_id")
);

-- CreateTable
CREATE TABLE "start_key" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "asked" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "start_key_pkey" PRIMARY KEY ("scope","key")
);

-- CreateTable
CREATE TABLE "run_completion" (
    "run_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "flow_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_completion_pkey" PRIMARY KEY ("run_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "trigger_token_hash_key" ON "trigger"("token_hash");

-- CreateIndex
CREATE INDEX "trigger_workspace_id_follows_idx" ON "trigger"("workspace_id", "follows");

-- CreateIndex
CREATE INDEX "trigger_next_at_idx" ON "trigger"("next_at");

-- CreateIndex
CREATE UNIQUE INDEX "trigger_flow_id_name_key" ON "trigger"("flow_id", "name");

-- CreateIndex
CREATE INDEX "trigger_outcome_trigger_id_id_idx" ON "trigger_outcome"("trigger_id", "id");

-- CreateIndex
CREATE INDEX "trigger_outcome_run_id_idx" ON "trigger_outcome"("run_id");

-- CreateIndex
CREATE UNIQUE INDEX "trigger_outcome_trigger_id_crowd_key" ON "trigger_outcome"("trigger_id", "crowd");

-- CreateIndex
CREATE INDEX "start_key_created_at_idx" ON "start_key"("created_at");

-- AddForeignKey
ALTER TABLE "trigger" ADD CONSTRAINT "trigger_flow_id_fkey" FOREIGN KEY ("flow_id") REFERENCES "flow"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A run that ends while triggers follow its flow leaves a row and a job behind, in the very transaction that ends it, whichever statement that is.
CREATE FUNCTION "run_completed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
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

CREATE TRIGGER "run_completed" AFTER UPDATE OF "finished_at" ON "run" FOR EACH ROW
  WHEN (OLD."finished_at" IS NULL AND NEW."finished_at" IS NOT NULL) EXECUTE FUNCTION "run_completed"();
