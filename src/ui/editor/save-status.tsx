"use client";
import { Check, CloudOff, LoaderCircle, LogOut, TriangleAlert } from "lucide-react";
import type { LiveStatus } from "#collab/client.ts";

const words: Readonly<Record<LiveStatus, string>> = {
  connecting: "Connecting",
  offline: "Offline, kept here",
  saving: "Saving",
  saved: "Saved",
  refused: "Not taken",
  closed: "Closed",
};

/** How it stands with what was typed here. Always in sight. */
export function SaveStatus({ status }: { status: LiveStatus }) {
  const tone =
    status === "offline"
      ? "text-(--wait)"
      : status === "refused" || status === "closed"
        ? "text-(--fail)"
        : "text-(--text-2)";
  const Icon =
    status === "saved"
      ? Check
      : status === "offline"
        ? CloudOff
        : status === "refused"
          ? TriangleAlert
          : status === "closed"
            ? LogOut
            : LoaderCircle;
  return (
    <span
      role="status"
      aria-label="Saving"
      className={`inline-flex items-center gap-1.5 whitespace-nowrap ${tone}`}
    >
      <Icon
        aria-hidden
        size={14}
        className={
          status === "saving" || status === "connecting" ? "animate-spin motion-reduce:animate-none" : ""
        }
      />
      {words[status]}
    </span>
  );
}
