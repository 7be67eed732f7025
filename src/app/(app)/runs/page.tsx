import type { Metadata } from "next";
import { RunsPage } from "#ui/runs/runs-page.tsx";

export const metadata: Metadata = { title: "Runs" };

export default function Route() {
  return <RunsPage />;
}
