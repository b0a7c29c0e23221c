/** A page that lists what the interface can do, made from its document: plain HTML, one style sheet, no script. */
import type { Endpoint } from "./endpoint.ts";
import { topicNames } from "./live_events.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** Text that is safe within HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? "");

export const docsStyle = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
h2 { margin-top: 2rem; text-transform: capitalize; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top; }
td:first-child { white-space: nowrap; }
`;

const rowOf = ({ method, path, summary }: Endpoint): string =>
  `<tr><td><code>${method}</code></td><td><code>${escaped(path)}</code></td><td>${escaped(summary)}${
    method === "GET" ? "" : " <em>Needs the token.</em>"
  }</td></tr>`;

export function docsPage(endpoints: readonly Endpoint[], version: string): string {
  const tags = [...new Set(endpoints.map(({ tag }) => tag))];
  const sections = tags.map((tag) =>
    `<h2>${tag}</h2><table>${endpoints.filter((one) => one.tag === tag).map(rowOf).join("")}</table>`
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>berth console</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs.css"></head>
<body><h1>berth console ${escaped(version)}</h1>
<p>Reading is open on this machine. Every change needs <code>Authorization: Bearer TOKEN</code>; the token lies in
<code>console.token</code> of the data folder. The whole interface as <a href="/api/v1/openapi.json">OpenAPI 3.1</a>;
<a href="/metrics">metrics</a> for Prometheus.</p>
${sections.join("\n")}
<h2>live</h2><p><code>GET /api/v1/events</code>: server-sent events. <code>?topics=</code> of ${
    topicNames.map((name) => `<code>${name}</code>`).join(", ")
  }.</p>
</body></html>
`;
}
