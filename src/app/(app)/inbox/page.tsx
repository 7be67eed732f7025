import type { Metadata } from "next";
import { InboxPage } from "#ui/inbox/inbox-page.tsx";

export const metadata: Metadata = { title: "Inbox" };

export default function Route() {
  return <InboxPage />;
}
