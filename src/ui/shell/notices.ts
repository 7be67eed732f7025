"use client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTRPC } from "../client/trpc.ts";

/** Tells of new notifications through the browser, where the person allowed it and looks elsewhere. */
export function useInboxNotices(enabled: boolean): void {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.inbox.notifications.queryOptions(undefined, { enabled }));
  const seen = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (data === undefined) return;
    const before = seen.current;
    seen.current = new Set(data.map((row) => row.id));
    // The first answer is what was there already.
    if (
      before === null ||
      typeof Notification === "undefined" ||
      Notification.permission !== "granted" ||
      document.hasFocus()
    )
      return;
    for (const row of data) {
      if (before.has(row.id) || row.readAt !== null) continue;
      const notice = new Notification(row.title, { body: row.text, tag: row.id });
      notice.onclick = () => {
        window.focus();
        location.assign(row.href);
      };
    }
  }, [data]);
}
