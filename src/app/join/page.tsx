import type { Metadata } from "next";
import { JoinPage } from "#ui/setup/join-page.tsx";

export const metadata: Metadata = { title: "Join", referrer: "no-referrer" };

export default function Page() {
  return <JoinPage />;
}
