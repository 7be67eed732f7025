import type { Metadata } from "next";
import { NewFlowPage } from "#ui/flows/new-flow-page.tsx";

export const metadata: Metadata = { title: "New flow" };

export default function Route() {
  return <NewFlowPage />;
}
