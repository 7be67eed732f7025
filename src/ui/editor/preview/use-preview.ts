"use client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunRow } from "#api/index.ts";
import { useTRPC } from "../../client/trpc.ts";
import type { Language } from "../language/client.ts";
import type { TaskForm, TaskPreview } from "../language/protocol.ts";
import { expressionFields } from "./fields.ts";

/** What the fields of a task yield, and in which run; null: the flow has none that could be looked at. */
export type FieldPreviews = {
  readonly run: Pick<RunRow, "id" | "number" | "sandbox" | "createdAt"> | null;
  readonly begun: boolean;
  readonly values: TaskPreview["values"];
};

const nothing: FieldPreviews = { run: null, begun: false, values: {} };

/** Previews a task's expressions against its flow's last run, sandbox runs included, in the worker of the editor. */
export function usePreview(
  language: Language,
  text: string,
  flow: string,
  task: string,
  form: TaskForm | null,
): FieldPreviews {
  const trpc = useTRPC();
  const [found, setFound] = useState<FieldPreviews>(nothing);
  const fields = form === null ? [] : expressionFields(form);
  const isNeeded = fields.length > 0;
  const list = useQuery(
    trpc.run.list.queryOptions({ flow, sandbox: "too", limit: 1 }, { enabled: isNeeded, staleTime: 15_000 }),
  );
  const last = list.data?.rows[0];
  const run = useQuery(
    trpc.run.get.queryOptions({ id: last?.id ?? "" }, { enabled: last !== undefined, staleTime: 15_000 }),
  );
  const events = run.data?.events;
  const id = run.data?.id;
  useEffect(() => {
    if (events === undefined || id === undefined) return;
    void language.ask("follow", { run: { id, events } });
  }, [language, id, events]);
  const key = JSON.stringify(fields);
  useEffect(() => {
    let isCurrent = true;
    const wanted = JSON.parse(key) as typeof fields;
    if (last === undefined || events === undefined || wanted.length === 0) {
      setFound(nothing);
      return;
    }
    void language.ask("preview", { text, task, fields: wanted }).then((preview) => {
      if (isCurrent && preview !== null) setFound({ run: last, ...preview });
    });
    return () => {
      isCurrent = false;
    };
  }, [language, text, task, key, last, events]);
  return found;
}
