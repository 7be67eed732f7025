import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useEffect, useRef } from "react";

/**
 * Puts a flow's present id into the address of a page that was opened by one that the flow had before. While the page is
 * open its address stays: whoever publishes the flow under another id is led on by that.
 */
export function useFlowLink(asked: string, slug: string | undefined): void {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams().toString();
  const opened = useRef<string | null>(null);
  useEffect(() => {
    if (slug === undefined || opened.current === asked) return;
    opened.current = asked;
    if (slug === asked) return;
    const [old, present] = [asked, slug].map((id) => `/flows/${encodeURIComponent(id)}`);
    const path = pathname.replace(old ?? "", present ?? "");
    router.replace(`${path}${search === "" ? "" : `?${search}`}${window.location.hash}`);
  }, [asked, slug, pathname, search, router]);
}
