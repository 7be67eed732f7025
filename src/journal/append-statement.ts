/**
 * The statement that appends. One for all requests of a group:
 *
 * - `held`: the runs whose epoch is still ours, their rows locked against a claim until we commit;
 * - `accepted`: those of them whose last event is the one before the request's first;
 * - then events, audit entries, consumed inbox items and summaries, each joined to `accepted`;
 * - the answer names every held run, with the last sequence number found: the others are fenced.
 *
 * Parts that no request of a group needs are left out; each combination is one prepared statement.
 */
export type Parts = { readonly audit: boolean; readonly consume: boolean; readonly summary: boolean };

export type AppendRow = { readonly request: number; readonly last: number; readonly at: string };

/** Name and text of the statement with these parts. */
export function appendStatement(parts: Parts): { readonly name: string; readonly sql: string } {
  const key = `${parts.audit ? "a" : ""}${parts.consume ? "c" : ""}${parts.summary ? "s" : ""}`;
  let known = statements.get(key);
  if (known === undefined) {
    known = { name: `journal_append_${key}`, sql: textOf(parts) };
    statements.set(key, known);
  }
  return known;
}

const statements = new Map<string, { name: string; sql: string }>();

function textOf(parts: Parts): string {
  const sections = [head, events];
  let parameters = 7;
  const array = (type: string): string => `$${(parameters += 1)}::${type}[]`;
  if (parts.audit) {
    sections.push(`audited as (
  insert into audit_entry
    (workspace_id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, run_id, path, body)
  select accepted.workspace_id, accepted.at, entry.actor_kind, entry.actor_id, entry.actor_name, entry.action,
         entry.subject_kind, entry.subject_id, accepted.run_id, entry.path, entry.body
    from unnest(${array("int")}, ${array("text")}, ${array("text")}, ${array("text")}, ${array("text")},
                ${array("text")}, ${array("text")}, ${array("text")}, ${array("text")})
      as entry(request, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, path, body)
    join accepted on accepted.request = entry.request
)`);
  }
  if (parts.consume) {
    sections.push(`consumed as (
  update run_inbox set consumed_at = accepted.at
    from unnest(${array("int")}, ${array("text")}) as item(request, id)
    join accepted on accepted.request = item.request
   where run_inbox.id = item.id and run_inbox.run_id = accepted.run_id
)`);
  }
  if (parts.summary) {
    sections.push(`summarised as (
  update run set state = item.state, headline = item.headline, outputs = item.outputs, error = item.error,
         cost = item.cost, unknown_costs = item.unknown_costs, tokens = item.tokens, updated_at = accepted.at,
         finished_at = case when item.over then accepted.at end
    from unnest(${array("int")}, ${array("text")}, ${array("text")}, ${array("text")}, ${array("text")},
                ${array("float8")}, ${array("int")}, ${array("int")}, ${array("bool")})
      as item(request, state, headline, outputs, error, cost, unknown_costs, tokens, over)
    join accepted on accepted.request = item.request
   where run.id = accepted.run_id
)`);
  }
  sections.push(`told as (
  select pg_notify('run', names.text) from (select string_agg(run_id, ' ') as text from accepted) as names
   where names.text is not null
)`);
  if (parts.summary) {
    sections.push(`listed as (
  select pg_notify('workspace', accepted.workspace_id || ' run ' || accepted.run_id) from accepted
)`);
  }
  const listed = parts.summary ? ", (select count(*) from listed) as listed" : "";
  return `with ${sections.join(",\n")}
select held.request, held.last, (extract(epoch from held.at) * 1000)::bigint::text as at,
       (select count(*) from told) as told${listed}
  from held`;
}

const head = `instant as materialized (select date_trunc('milliseconds', clock_timestamp()) as at),
held as materialized (
  select request.request::int as request, request.seq, run.id as run_id, run.workspace_id, instant.at,
         coalesce((select event.seq from run_event as event where event.run_id = run.id
                    order by event.seq desc limit 1), 0) as last
    from unnest($1::text[], $2::int[], $3::int[]) with ordinality as request(run_id, epoch, seq, request)
    cross join instant
    join run on run.id = request.run_id and run.epoch = request.epoch
     for share of run
),
accepted as materialized (select * from held where last = seq - 1)`;

const events = `written as (
  insert into run_event (run_id, seq, type, version, at, body)
  select accepted.run_id, event.seq, event.type, 1, accepted.at, event.body
    from unnest($4::int[], $5::int[], $6::text[], $7::text[]) as event(request, seq, type, body)
    join accepted on accepted.request = event.request
)`;
