/**
 * The bill of materials of a compiled berth: every package that was embedded, with its licence, the hash by which it was
 * fetched, and what it depends on. CycloneDX 1.6 in JSON.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
import { Buffer } from "node:buffer";
import * as v from "valibot";
import { type Embedded, packagesFolder } from "./embedded.ts";

const lockSchema = v.object({
  npm: v.record(
    v.string(),
    v.looseObject({
      integrity: v.string(),
      dependencies: v.optional(v.array(v.string()), []),
    }),
  ),
});

const packageSchema = v.looseObject({
  description: v.optional(v.string()),
  license: v.optional(v.unknown()),
});

export interface SbomInput {
  readonly embedded: Pick<Embedded, "packages" | "files">;
  /** Text of deno.lock. */
  readonly lock: string;
  readonly version: string;
  readonly denoVersion: string;
}

export interface SbomComponent {
  readonly type: "library" | "platform";
  readonly name: string;
  readonly version: string;
  readonly "bom-ref": string;
  readonly purl: string;
  readonly description?: string;
  readonly licenses?:
    readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: {
    readonly component: {
      readonly type: "application";
      readonly name: "berth";
      readonly version: string;
      readonly "bom-ref": string;
      readonly licenses: readonly { readonly license: { readonly id: string } }[];
    };
  };
  readonly components: readonly SbomComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** `name` and `version` of `name@version`, whatever scope the name has. */
function splitId(id: string): { readonly name: string; readonly version: string } {
  const at = id.lastIndexOf("@");
  return { name: id.slice(0, at), version: id.slice(at + 1) };
}

/** The address that other tools know a package by. @see https://github.com/package-url/purl-spec */
const purlOf = (name: string, version: string): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;

export function sbomOf({ embedded, lock, version, denoVersion }: SbomInput): Sbom {
  const locked = v.parse(lockSchema, JSON.parse(lock)).npm;
  const lockOf = (id: string) =>
    Object.entries(locked).find(([key]) => key === id || key.startsWith(`${id}_`))?.[1];
  const components = embedded.packages.map((id): SbomComponent => {
    const { name, version: packageVersion } = splitId(id);
    const integrity = lockOf(id)?.integrity;
    return {
      type: "library",
      name,
      version: packageVersion,
      "bom-ref": purlOf(name, packageVersion),
      purl: purlOf(name, packageVersion),
      ...aboutOf(embedded, name, packageVersion),
      ...(integrity?.startsWith("sha512-") === true
        ? { hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.slice(7), "base64").toString("hex") }] }
        : {}),
    };
  });
  const runtime: SbomComponent = {
    type: "platform",
    name: "denort",
    version: denoVersion,
    "bom-ref": `pkg:github/denoland/deno@v${denoVersion}`,
    purl: `pkg:github/denoland/deno@v${denoVersion}`,
    licenses: [{ license: { id: "MIT" } }],
  };
  const own = `pkg:generic/berth@${version}`;
  const refs = components.map((component) => component["bom-ref"]);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        name: "berth",
        version,
        "bom-ref": own,
        licenses: [{ license: { id: "MIT" } }],
      },
    },
    components: [runtime, ...components],
    dependencies: [
      { ref: own, dependsOn: [runtime["bom-ref"], ...refs] },
      ...embedded.packages.map((id) => {
        const { name, version: packageVersion } = splitId(id);
        // A dependency stands there by its name alone, or with the version where there are several.
        const dependsOn = (lockOf(id)?.dependencies ?? []).flatMap((one) =>
          embedded.packages.filter((other) => other === one || splitId(other).name === one)
        );
        return {
          ref: purlOf(name, packageVersion),
          dependsOn: dependsOn.map((other) => purlOf(splitId(other).name, splitId(other).version)),
        };
      }),
    ],
  };
}

/** What the package says of itself. */
function aboutOf(
  { files }: Pick<Embedded, "files">,
  name: string,
  version: string,
): Pick<SbomComponent, "description" | "licenses"> {
  const content = files.get(`${packagesFolder}/${name}/${version}/package.json`);
  if (content === undefined) return {};
  const { description, license } = v.parse(packageSchema, JSON.parse(new TextDecoder().decode(content)));
  return {
    ...(description === undefined ? {} : { description }),
    ...(typeof license !== "string"
      ? {}
      : { licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }] }),
  };
}
