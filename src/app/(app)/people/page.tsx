import type { Metadata } from "next";
import { Suspense } from "react";
import { PeoplePage } from "#ui/people/people-page.tsx";

export const metadata: Metadata = { title: "People" };

export default function Route() {
  return (
    <Suspense>
      <PeoplePage />
    </Suspense>
  );
}
