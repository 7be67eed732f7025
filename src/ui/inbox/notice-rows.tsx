"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { NotificationRow } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { RelativeTime } from "../parts/time.tsx";

/** What somebody was told. Following one marks it as read. */
export function NoticeRows({ rows }: { rows: readonly NotificationRow[] }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const read = useMutation(
    trpc.inbox.read.mutationOptions({
      onSettled: async () => {
        await queries.invalidateQueries({ queryKey: trpc.inbox.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.home.pathKey() });
      },
    }),
  );
  return (
    <ul className="divide-y divide-(--border)">
      {rows.map((row) => (
        <li key={row.id}>
          <Link
            href={row.href}
            onClick={() => (row.readAt === null ? read.mutate({ ids: [row.id] }) : undefined)}
            className="flex min-h-11 items-center gap-3 px-4 py-2 hover:bg-(--surface-2)"
          >
            <span
              className={`size-2 shrink-0 rounded-full ${row.readAt === null ? "bg-(--accent)" : "bg-transparent"}`}
            >
              {row.readAt === null ? <span className="sr-only">New</span> : null}
            </span>
            <span className="min-w-0 flex-1">
              <span className={`block truncate ${row.readAt === null ? "font-semibold" : ""}`}>
                {row.title}
              </span>
              {row.text === "" ? null : <span className="block truncate text-(--text-2)">{row.text}</span>}
            </span>
            <span className="text-(--text-3)">
              <RelativeTime at={row.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
