"use client";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const allowed = /^(https?:|mailto:)/i;

const components: Components = {
  a: ({ href, children }) =>
    href !== undefined && allowed.test(href) ? (
      <a
        href={href}
        target="_blank"
        rel="noreferrer noopener"
        className="text-(--accent-text) underline decoration-from-font underline-offset-2"
      >
        {children}
        {typeof children === "string" && href.includes(children.replace(/…$/, "")) ? null : (
          <span className="text-(--text-3)"> ({targetOf(href)})</span>
        )}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ alt }) => (
    <span className="text-(--text-3)">[image{alt === undefined || alt === "" ? "" : `: ${alt}`}]</span>
  ),
  input: ({ checked }) => (
    <input type="checkbox" checked={checked === true} readOnly disabled aria-label="Step" />
  ),
};

/** Where a link leads, in short. */
function targetOf(href: string): string {
  try {
    const url = new URL(href);
    return url.protocol === "mailto:" ? url.pathname : url.host;
  } catch {
    return href;
  }
}

/** Words of a model as markdown: no raw HTML, no images from elsewhere, links tell where they lead. */
export function MarkdownText({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={[remarkGfm]} skipHtml components={components}>
      {text}
    </ReactMarkdown>
  );
}
