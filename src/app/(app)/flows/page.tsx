import type { Metadata } from "next";
import { FlowsPage } from "#ui/flows/flows-page.tsx";

export const metadata: Metadata = { title: "Flows" };

export default function Route() {
  return <FlowsPage />;
}
