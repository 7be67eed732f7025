import { Bot, User, Workflow } from "lucide-react";
import Link from "next/link";
import type { MemoryEntry } from "#api/index.ts";
import type { Person } from "#collab/client.ts";

const kinds = {
  person: { icon: User, word: "person" },
  agent: { icon: Bot, word: "agent" },
  flow: { icon: Workflow, word: "flow" },
} as const;

/** Who wrote a version, and in which step. */
export function Writer({ entry }: { entry: MemoryEntry }) {
  const { icon: Icon, word } = kinds[entry.by.kind];
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      <Icon aria-label={word} size={14} className="shrink-0 text-(--text-3)" />
      <span className="truncate">{[entry.by, ...(entry.with ?? [])].map((one) => one.name).join(", ")}</span>
      {entry.run === null || entry.path === null ? null : (
        <Link
          href={`/runs/${entry.run}?task=${encodeURIComponent(entry.path)}`}
          className="truncate text-(--text-2) underline underline-offset-2"
        >
          in {entry.path}
        </Link>
      )}
    </span>
  );
}

/** Who else has an entry open, each in the colour of their cursor. */
export function Here({ people }: { people: readonly Person[] }) {
  if (people.length === 0) return null;
  return (
    <span
      className="inline-flex min-w-0 flex-wrap items-center gap-x-2"
      role="status"
      aria-label="Who is here"
    >
      {people.map(({ id, name, color }) => (
        <span key={id} className="inline-flex items-center gap-1.5">
          <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ background: color }} />
          {name} is here
        </span>
      ))}
    </span>
  );
}
