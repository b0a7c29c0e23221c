/**
 * Ctrl-C and service managers signal the whole group. The host alone decides when a plugin ends: an adapter that died
 * first could not take orders back. Without the host the input ends, and with it the process.
 */
export function outliveSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os !== "windows" || signal === "SIGINT") Deno.addSignalListener(signal, () => {});
  }
}
