/** Debian's Chromium, driven by playwright-core: headless, with nothing that reaches beyond this machine. */
import { type Browser, chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Undefined where none is installed. */
export const chromiumPath: string | undefined = places.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Whether browser tests are left out: where there is no browser, and nobody said that there must be one. */
export function isSkipped(): boolean {
  if (chromiumPath !== undefined) return false;
  if (Deno.env.get("BERTH_TEST_BROWSER") === "required") return false; // and then the test fails: CI skips nothing
  Deno.stderr.writeSync(
    new TextEncoder().encode(
      `no Chromium at ${
        places.join(", ")
      }: the tests of the dashboard are skipped (apt-get install chromium)\n`,
    ),
  );
  return true;
}

/** @throws when there is none */
export async function openChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`no Chromium at ${places.join(", ")}`);
  return await chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox", // containers run as root, where Chromium's own sandbox can't be made
      "--disable-background-networking",
      "--disable-component-update",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}
