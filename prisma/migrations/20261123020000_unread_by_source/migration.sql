-- Whoever decides something takes it off everyone's list: found by what it is about, with its reminders, among the unread.
CREATE INDEX "notification_unread_by_source" ON "notification" ("workspace_id", "source" text_pattern_ops) WHERE "read_at" IS NULL;
