import type { Metadata } from "next";
import { HomePage } from "#ui/home/home-page.tsx";

export const metadata: Metadata = { title: "Home" };

export default function Route() {
  return <HomePage />;
}
