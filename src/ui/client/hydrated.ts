"use client";
import { useSyncExternalStore } from "react";

const nothing = (): (() => void) => () => undefined;

/**
 * Whether the page's code has taken the page over. A form sent before would be sent by the browser itself, with what it
 * holds in the address.
 */
export function useIsHydrated(): boolean {
  return useSyncExternalStore(
    nothing,
    () => true,
    () => false,
  );
}
