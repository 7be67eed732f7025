-- One row for the events of one append, instead of one for each event.
CREATE TABLE "event_batch" (
    "run_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "last" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "bodies" TEXT NOT NULL,

    CONSTRAINT "event_batch_pkey" PRIMARY KEY ("run_id","seq")
);

-- What is there already: each event is a batch of its own.
INSERT INTO "event_batch" ("run_id", "seq", "last", "version", "at", "bodies")
SELECT "run_id", "seq", "seq", "version", "at", '[' || "body" || ']' FROM "run_event";

DROP TABLE "run_event";

-- The audit is read by workspace or by run: its key serves the first.
DROP INDEX "audit_entry_workspace_id_seq_idx";

ALTER TABLE "audit_entry" DROP CONSTRAINT "audit_entry_pkey",
ADD CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("workspace_id", "seq");
