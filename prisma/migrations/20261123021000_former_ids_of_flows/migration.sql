-- Links to a flow lead on after it was published under another id.
ALTER TABLE "flow" ADD COLUMN "former_slugs" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
