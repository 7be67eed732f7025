import type { Metadata } from "next";
import { Suspense } from "react";
import { HomePage } from "#ui/home/home-page.tsx";

export const metadata: Metadata = { title: "Home" };

export default function Route() {
  return (
    <Suspense>
      <HomePage />
    </Suspense>
  );
}
