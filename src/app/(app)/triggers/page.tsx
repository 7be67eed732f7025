import type { Metadata } from "next";
import { TriggersPage } from "#ui/triggers/triggers-page.tsx";

export const metadata: Metadata = { title: "Triggers" };

export default function Route() {
  return <TriggersPage />;
}
