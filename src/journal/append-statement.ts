import { eventVersion } from "#flow/machine/index.ts";

/**
 * The statements that append. One for all requests of a group:
 *
 * - `held`: the runs whose epoch is still ours and that nobody has freed, their rows locked against a claim until we commit;
 * - `accepted`: those of them whose last event is the one before the request's first;
 * - then events, audit entries, consumed inbox items and summaries, each joined to `accepted`;
 * - the answer names every held run, with the last sequence number found: the others are fenced.
 *
 * Parts that no request of a group needs are left out; each combination is one prepared statement. A group of one has
 * statements of its own with plain parameters, which carry out in three quarters of the time.
 */
export type Parts = {
  readonly audit: boolean;
  readonly consume: boolean;
  readonly summary: boolean;
  /** Whether the last event has to be looked up; not where this process wrote it. */
  readonly check: boolean;
};

/** Parts of a request that goes alone, with the number of its audit entries. */
export type LoneParts = {
  readonly events: boolean;
  readonly audit: number;
  readonly consume: boolean;
  readonly summary: boolean;
  readonly check: boolean;
};

export type Statement = { readonly name: string; readonly sql: string };
/** What is answered of a held run, in the order of the columns. `at`: epoch milliseconds. */
export type AppendRow = { readonly request: number; readonly last: number; readonly at: number };

/** A lone request with more rows than this goes the way of a group: each number of rows is a statement. */
export const mostLoneRows = 8;

const statements = new Map<string, Statement>();

function statement(key: string, make: () => string): Statement {
  let known = statements.get(key);
  if (known === undefined) {
    known = { name: `journal_append_${key}`, sql: make() };
    statements.set(key, known);
  }
  return known;
}

function flags(parts: { consume: boolean; summary: boolean; check: boolean }): string {
  return `${parts.consume ? "c" : ""}${parts.summary ? "s" : ""}${parts.check ? "l" : ""}`;
}

export function groupStatement(parts: Parts): Statement {
  return statement(`g${parts.audit ? "a" : ""}${flags(parts)}`, () => groupText(parts));
}

/** Parameters: run, epoch, seq; the last seq and the bodies; per audit entry its eight columns; inbox ids; summary. */
export function loneStatement(parts: LoneParts): Statement {
  return statement(`l${parts.events ? "e" : ""}${parts.audit}${flags(parts)}`, () => loneText(parts));
}

/** Between JSON texts that travel as one parameter: as a control character it stands in none of them. */
export const betweenTexts = "\u001e";
const jsonTexts = (parameter: string): string => `string_to_array(${parameter}::text, E'\\x1e')`;

const auditColumns = "actor_kind, actor_id, actor_name, action, subject_kind, subject_id, path, body";
const auditInsert = `insert into audit_entry
    (workspace_id, at, run_id, ${auditColumns})`;
const auditValues = auditColumns
  .split(", ")
  .map((column) => `entry.${column}`)
  .join(", ");
export const summaryColumns: readonly (readonly [string, string])[] = [
  ["state", "text"],
  ["headline", "text"],
  ["outputs", "text"],
  ["error", "text"],
  ["cost", "float8"],
  ["unknown_costs", "int"],
  ["tokens", "int"],
  ["steps", "int"],
  ["tasks", "int"],
  ["goal_reached", "bool"],
  ["goal_reason", "text"],
  ["over", "bool"],
];
const instant = "date_trunc('milliseconds', clock_timestamp())";
const lastEvent = (run: string): string => `coalesce((select batch.last from event_batch as batch
      where batch.run_id = ${run} order by batch.seq desc limit 1), 0)`;
const milliseconds = "(extract(epoch from held.at) * 1000)::bigint::text as at";

function groupText(parts: Parts): string {
  const sections = [
    `instant as materialized (select ${instant} as at)`,
    `held as materialized (
  select request.request::int as request, request.seq, run.id as run_id, run.workspace_id, instant.at,
         ${parts.check ? lastEvent("run.id") : "request.seq - 1"} as last
    from unnest($1::text[], $2::int[], $3::int[]) with ordinality as request(run_id, epoch, seq, request)
    cross join instant
    -- Each row by its key: joined as a whole, all owned runs would be looked at.
    cross join lateral (
      select run.id, run.workspace_id from run
       where run.id = request.run_id and run.epoch = request.epoch and run.owner is not null
         for share
    ) as run
)`,
    "accepted as materialized (select * from held where last = seq - 1)",
    `written as (
  insert into event_batch (run_id, seq, last, version, at, bodies)
  select accepted.run_id, accepted.seq, batch.last, ${eventVersion}, accepted.at, batch.bodies
    from unnest($4::int[], $5::int[], ${jsonTexts("$6")}) as batch(request, last, bodies)
    join accepted on accepted.request = batch.request
)`,
  ];
  let parameters = 6;
  const arrays = (types: readonly string[]): string =>
    types.map((type) => `$${(parameters += 1)}::${type}[]`).join(", ");
  if (parts.audit) {
    sections.push(`audited as (
  ${auditInsert}
  select accepted.workspace_id, accepted.at, accepted.run_id, ${auditValues}
    from unnest(${arrays([
      "int",
      ...auditColumns
        .split(", ")
        .slice(0, -1)
        .map(() => "text"),
    ])},
                ${jsonTexts(`$${(parameters += 1)}`)})
      as entry(request, ${auditColumns})
    join accepted on accepted.request = entry.request
)`);
  }
  if (parts.consume) {
    sections.push(`consumed as (
  update run_inbox set consumed_at = accepted.at
    from unnest(${arrays(["int", "text"])}) as item(request, id)
    join accepted on accepted.request = item.request
   where run_inbox.id = item.id and run_inbox.run_id = accepted.run_id
)`);
  }
  if (parts.summary) {
    const names = summaryColumns.map(([name]) => name);
    sections.push(`summarised as (
  update run set ${summaryAssignments("accepted.at")}
    from unnest(${arrays(["int", ...summaryColumns.map(([, type]) => type)])})
      as item(request, ${names.join(", ")})
    join accepted on accepted.request = item.request
   where run.id = accepted.run_id
)`);
  }
  return `with ${sections.join(",\n")}
select held.request, held.last, ${milliseconds} from held`;
}

function summaryAssignments(at: string): string {
  const values = summaryColumns.filter(([name]) => name !== "over").map(([name]) => `${name} = item.${name}`);
  return `${values.join(", ")}, updated_at = ${at}, finished_at = case when item.over then ${at} end,
         owner = case when item.over then null else run.owner end`;
}

function loneText(parts: LoneParts): string {
  let parameters = 3;
  const next = (type: string): string => `$${(parameters += 1)}::${type}`;
  const rows = (count: number, row: (index: number) => string): string =>
    Array.from({ length: count }, (_, i) => `(${row(i)})`).join(", ");
  const sections = [
    `held as materialized (
  select id as run_id, workspace_id, ${instant} as at, ${parts.check ? lastEvent("$1::text") : "$3::int - 1"} as last
    from run where id = $1::text and epoch = $2::int and owner is not null
     for share
)`,
    "accepted as (select * from held where last = $3::int - 1)",
  ];
  if (parts.events) {
    sections.push(`written as (
  insert into event_batch (run_id, seq, last, version, at, bodies)
  select run_id, $3::int, ${next("int")}, ${eventVersion}, at, ${next("text")} from accepted
)`);
  }
  if (parts.audit > 0) {
    const columns = auditColumns.split(", ");
    sections.push(`audited as (
  ${auditInsert}
  select accepted.workspace_id, accepted.at, accepted.run_id, ${auditValues}
    from accepted, (values ${rows(parts.audit, () => columns.map(() => next("text")).join(", "))})
      as entry(${auditColumns})
)`);
  }
  if (parts.consume) {
    sections.push(`consumed as (
  update run_inbox set consumed_at = accepted.at from accepted
   where run_inbox.id = any(${next("text[]")}) and run_inbox.run_id = accepted.run_id
)`);
  }
  if (parts.summary) {
    sections.push(`summarised as (
  update run set ${summaryAssignments("accepted.at")}
    from accepted, (values (${summaryColumns.map(([, type]) => next(type)).join(", ")}))
      as item(${summaryColumns.map(([name]) => name).join(", ")})
   where run.id = accepted.run_id
)`);
  }
  return `with ${sections.join(",\n")}
select 1 as request, held.last, ${milliseconds}
  from held`;
}
