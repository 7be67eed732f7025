-- AlterTable
ALTER TABLE "approval" ADD COLUMN     "ask" TEXT NOT NULL DEFAULT '{}';
