-- CreateTable
CREATE TABLE "live_document" (
    "id" SERIAL NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "live_document_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "live_update" (
    "document_id" INTEGER NOT NULL,
    "seq" BIGINT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "author" TEXT NOT NULL,
    "author_name" TEXT NOT NULL,
    "client" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "live_update_pkey" PRIMARY KEY ("document_id","seq")
);

-- CreateTable
CREATE TABLE "live_snapshot" (
    "document_id" INTEGER NOT NULL,
    "upto" BIGINT NOT NULL,
    "state" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "live_snapshot_pkey" PRIMARY KEY ("document_id","upto")
);

-- CreateTable
CREATE TABLE "live_client" (
    "document_id" INTEGER NOT NULL,
    "client" BIGINT NOT NULL,
    "owner" TEXT NOT NULL,

    CONSTRAINT "live_client_pkey" PRIMARY KEY ("document_id","client")
);

-- CreateTable
CREATE TABLE "live_edit" (
    "document_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "live_edit_pkey" PRIMARY KEY ("document_id","key")
);

-- CreateTable
CREATE TABLE "live_version" (
    "id" TEXT NOT NULL,
    "document_id" INTEGER NOT NULL,
    "seq" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "state" BYTEA NOT NULL,
    "author" TEXT NOT NULL,
    "author_name" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "live_version_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "live_document_workspace_id_idx" ON "live_document"("workspace_id");

-- CreateIndex
CREATE UNIQUE INDEX "live_document_kind_subject_key" ON "live_document"("kind", "subject");

-- CreateIndex
CREATE INDEX "live_client_document_id_owner_idx" ON "live_client"("document_id", "owner");

-- CreateIndex
CREATE INDEX "live_version_document_id_seq_idx" ON "live_version"("document_id", "seq");
