/** Labels as one types them, `team: support, customer=a`, read; a name alone has an empty value. */
export function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const part of text.split(/[,\n]/)) {
    if (part.trim() === "") continue;
    const [, name = "", value = ""] = /^\s*([^:=]*?)\s*(?:[:=]\s*(.*?)\s*)?$/.exec(part) ?? [];
    labels[name] = value;
  }
  return labels;
}
