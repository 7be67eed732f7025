import type { Metadata } from "next";
import { Suspense } from "react";
import { NewFlowPage } from "#ui/flows/new-flow-page.tsx";

export const metadata: Metadata = { title: "New flow" };

export default function Route() {
  return (
    <Suspense>
      <NewFlowPage />
    </Suspense>
  );
}
