import type { Metadata } from "next";
import { PeoplePage } from "#ui/people/people-page.tsx";

export const metadata: Metadata = { title: "People" };

export default function Route() {
  return <PeoplePage />;
}
