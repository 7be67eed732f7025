import type { Metadata } from "next";
import { Suspense } from "react";
import { InboxPage } from "#ui/inbox/inbox-page.tsx";

export const metadata: Metadata = { title: "Inbox" };

export default function Route() {
  return (
    <Suspense>
      <InboxPage />
    </Suspense>
  );
}
