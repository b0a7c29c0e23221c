import { assertEquals } from "@std/assert";
import { type FoundPlugin, Presence } from "../../../../core/host/plugins/folder_watch.ts";

const found = (name: string, stamp = "1"): FoundPlugin => ({
  source: { name, entryPath: `/p/${name}.ts`, rootPath: `/p/${name}.ts` },
  stamp,
});

const cases: readonly {
  readonly name: string;
  /** Looks: at which time, what was found. */
  readonly looks: readonly (readonly [number, readonly FoundPlugin[]])[];
  readonly present: readonly string[];
  readonly isWaiting: boolean;
}[] = [
  { name: "what is found is there", looks: [[0, [found("a")]]], present: ["a 1"], isWaiting: false },
  {
    name: "what is missing since a moment counts as there, and is looked for again",
    looks: [[0, [found("a"), found("b")]], [100, [found("b")]]],
    present: ["a 1", "b 1"],
    isWaiting: true,
  },
  {
    name: "what came back after a moment never was away",
    looks: [[0, [found("a")]], [100, []], [200, [found("a", "2")]]],
    present: ["a 2"],
    isWaiting: false,
  },
  {
    name: "what was last seen long ago is missing only since it was missed",
    looks: [[0, [found("a")]], [5_000, []]],
    present: ["a 1"],
    isWaiting: true,
  },
  {
    name: "what stays away is gone",
    looks: [[0, [found("a"), found("b")]], [100, [found("b")]], [401, [found("b")]]],
    present: ["b 1"],
    isWaiting: false,
  },
];
for (const c of cases) {
  Deno.test(`Presence: ${c.name}`, () => {
    const presence = new Presence();
    const last = c.looks.map(([nowMs, sources]) => presence.merge(sources, nowMs)).at(-1);
    assertEquals(last?.present.map(({ source, stamp }) => `${source.name} ${stamp}`).sort(), c.present);
    assertEquals(last?.isWaiting, c.isWaiting);
  });
}
