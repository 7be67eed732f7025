-- AlterTable
ALTER TABLE "run" ADD COLUMN     "steps" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "tasks" INTEGER NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION "tell_parent"(child run, told TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  PERFORM wake_run(child.parent_run_id, 'child:' || child.parent_key || ':' || told, json_build_object(
    'kind', 'child-ended', 'key', child.parent_key, 'run', child.id,
    'outcome', CASE WHEN child.state IN ('succeeded', 'cancelled') THEN child.state ELSE 'failed' END,
    'outputs', child.outputs::json, 'error', child.error::json, 'number', child.number,
    'cost', child.cost, 'unknownCosts', child.unknown_costs, 'tokens', child.tokens,
    'steps', child.steps, 'tasks', child.tasks)::text);
END $$;
