import {
  BookMarked,
  CalendarClock,
  House,
  Inbox,
  Play,
  ScrollText,
  Settings,
  Users,
  Workflow,
  Wrench,
  type LucideIcon,
} from "lucide-react";
import type { Me } from "#api/index.ts";

export type Place = {
  href: string;
  title: string;
  icon: LucideIcon;
  /** Shown only to those who hold it. */
  permission?: Me["permissions"][number];
  /** Letter after "g" that goes there. */
  key: string;
  isFoot?: true;
};

export const places: readonly Place[] = [
  { href: "/", title: "Home", icon: House, key: "h" },
  { href: "/inbox", title: "Inbox", icon: Inbox, key: "i" },
  { href: "/flows", title: "Flows", icon: Workflow, key: "f" },
  { href: "/runs", title: "Runs", icon: Play, key: "r" },
  { href: "/triggers", title: "Triggers", icon: CalendarClock, key: "w" },
  { href: "/memory", title: "Memory", icon: BookMarked, key: "m" },
  { href: "/tools", title: "Tools", icon: Wrench, key: "t" },
  { href: "/audit", title: "Audit", icon: ScrollText, permission: "audit.read", key: "a" },
  { href: "/people", title: "People", icon: Users, key: "p" },
  {
    href: "/settings",
    title: "Settings",
    icon: Settings,
    permission: "settings.manage",
    key: "s",
    isFoot: true,
  },
];

/** Whether `path` is at this place or below it. */
export function isAt(place: Pick<Place, "href">, path: string): boolean {
  return place.href === "/" ? path === "/" : path === place.href || path.startsWith(`${place.href}/`);
}
