"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "../client/trpc.ts";

/** What there is to see of a flow: the flow itself, or what starts it by itself. */
export function FlowTabs({ slug, showsTriggers }: { slug: string; showsTriggers: boolean }) {
  const trpc = useTRPC();
  const triggers = useQuery(trpc.trigger.list.queryOptions({ flow: slug }));
  const count = triggers.data?.length ?? 0;
  const tabs = [
    { href: `/flows/${slug}`, title: "Flow", count: 0, isHere: !showsTriggers },
    { href: `/flows/${slug}?tab=triggers`, title: "Triggers", count, isHere: showsTriggers },
  ];
  return (
    <nav aria-label="Parts of this flow" className="flex gap-1 border-b border-(--border)">
      {tabs.map((tab) => (
        <Link
          key={tab.href}
          href={tab.href}
          scroll={false}
          aria-current={tab.isHere ? "page" : undefined}
          className="-mb-px inline-flex min-h-9 items-center gap-1.5 border-b-2 border-transparent px-3 font-medium text-(--text-2) hover:text-(--text) aria-[current]:border-(--accent) aria-[current]:text-(--text) pointer-coarse:min-h-11"
        >
          {tab.title}
          {tab.count === 0 ? null : <span className="tabular-nums text-(--text-3)">{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}
