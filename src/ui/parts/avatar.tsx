/** A person: round, in one of three colours that their name decides. Agents are square with an "AI" mark, see the run page. */
export function Avatar({ name, size = 24 }: { name: string; size?: number }) {
  const sum = [...name].reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0);
  return (
    <span
      aria-hidden
      title={name}
      className="inline-flex shrink-0 items-center justify-center rounded-full font-semibold text-white"
      style={{
        width: size,
        height: size,
        fontSize: size * 0.46,
        background: `var(--p${(sum % 3) + 1}-fill)`,
      }}
    >
      {(name.trim()[0] ?? "?").toUpperCase()}
    </span>
  );
}
