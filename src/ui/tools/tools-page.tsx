"use client";
import { useQuery } from "@tanstack/react-query";
import { Wrench } from "lucide-react";
import { isObject } from "#base/index.ts";
import type { ToolRow } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";

const risks: Readonly<Record<ToolRow["risk"], string>> = {
  low: "bg-(--surface-3) text-(--text-2)",
  medium: "bg-(--wait-soft) text-(--wait)",
  high: "bg-(--fail-soft) text-(--fail)",
};

/** The workspace's registry. Flows bring their own tools beside it. */
export function ToolsPage() {
  const trpc = useTRPC();
  const tools = useQuery(trpc.tool.list.queryOptions());
  return (
    <Page
      title="Tools"
      about="What agents and tasks can call. An agent may call only what its flow grants it; flows can bring tools of their own."
    >
      {tools.error !== null ? (
        <Card flush>
          <ErrorState error={tools.error} onRetry={() => void tools.refetch()} />
        </Card>
      ) : tools.isPending ? (
        <Card flush>
          <SkeletonRows rows={4} height={72} />
        </Card>
      ) : tools.data.length === 0 ? (
        <Card flush>
          <EmptyState icon={<Wrench size={18} />} title="No tool">
            The registry is empty.
          </EmptyState>
        </Card>
      ) : (
        <Card flush>
          <ul className="divide-y divide-(--border)">
            {tools.data.map((tool) => (
              <li
                key={tool.name}
                className="grid gap-x-6 gap-y-2 px-4 py-3 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]"
              >
                <div>
                  <p className="flex items-center gap-2">
                    <Wrench aria-hidden size={14} className="text-(--text-3)" />
                    <span className="font-semibold [font-family:var(--font-code)]">{tool.name}</span>
                    <span className={`rounded-(--radius-1) px-1.5 [font:var(--type-11)] ${risks[tool.risk]}`}>
                      {tool.risk} risk
                    </span>
                    <span className="text-(--text-3) [font:var(--type-12)]">{leftBehind(tool)}</span>
                  </p>
                  <p className="mt-1 text-(--text-2)">{tool.description}</p>
                </div>
                <Parameters tool={tool} />
              </li>
            ))}
          </ul>
        </Card>
      )}
    </Page>
  );
}

/** What comes of a call, and so what a sandbox run does with it. */
function leftBehind({ effect }: ToolRow): string {
  if (effect === "none") return "changes nothing";
  return effect === undefined || effect === "outside" ? "" : "changes nothing where it only reads";
}

function Parameters({ tool }: { tool: ToolRow }) {
  const properties = isObject(tool.inputSchema["properties"])
    ? Object.entries(tool.inputSchema["properties"])
    : [];
  const required = Array.isArray(tool.inputSchema["required"])
    ? (tool.inputSchema["required"] as readonly unknown[])
    : [];
  if (properties.length === 0) return <p className="text-(--text-3)">Takes no arguments.</p>;
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] md:grid-cols-[112px_minmax(0,1fr)] content-start gap-x-4 gap-y-0.5">
      {properties.map(([name, schema]) => {
        const member = isObject(schema) ? schema : {};
        const kind =
          isObject(member["properties"]) && "$file" in member["properties"]
            ? "file"
            : Array.isArray(member["enum"])
              ? member["enum"].join(" | ")
              : kindOf(member["type"]);
        return (
          <div key={name} className="contents">
            <dt className="[font:var(--type-code)]">{name}</dt>
            <dd className="text-(--text-2)">
              {kind}
              {required.includes(name) ? "" : ", optional"}
              {typeof member["description"] === "string" ? (
                <span className="text-(--text-3)">: {member["description"]}</span>
              ) : null}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** The type of a schema in words; one that leaves nothing out is any. */
function kindOf(type: unknown): string {
  if (!Array.isArray(type)) return typeof type === "string" ? type : "any";
  const kinds = type.filter((each) => typeof each === "string" && each !== "null");
  return kinds.length >= 5 ? "any" : kinds.join(" or ");
}
