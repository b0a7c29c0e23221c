/** Prints the names of all environment variables. */
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(Object.keys(Deno.env.toObject()))));
export {};
