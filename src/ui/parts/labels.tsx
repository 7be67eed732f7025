import Link from "next/link";

/** Labels as small marks; with `href`, each leads to what else has it. */
export function Labels({
  labels,
  href,
}: {
  labels: Readonly<Record<string, string>>;
  href?: (label: string) => string;
}) {
  return Object.entries(labels).map(([name, value]) => {
    const text = `${name}: ${value}`;
    return href === undefined ? (
      <span key={name} title={text} className={look}>
        {text}
      </span>
    ) : (
      <Link
        key={name}
        href={href(text)}
        title={`Runs with ${text}`}
        className={`${look} hover:text-(--text) hover:underline`}
      >
        {text}
      </Link>
    );
  });
}

const look =
  "max-w-48 truncate rounded-(--radius-1) bg-(--surface-3) px-1.5 text-(--text-2) [font:var(--type-11)]";
