/** Loaded before a berth that was laid out on disk: makes it believe that it is compiled. See unpacked_binary.ts. */
const path = Deno.env.get("BERTH_STAND_IN") ?? "";
Object.defineProperty(Deno, "build", { value: { ...Deno.build, standalone: true }, configurable: true });
Object.defineProperty(Deno, "execPath", { value: () => path, configurable: true });
