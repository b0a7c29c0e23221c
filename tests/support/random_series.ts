/** Seeded series whose half-life is known. */

/** Uniform in [0, 1), seeded. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** x[t] = keep × x[t−1] + noise: half of a deviation is gone after ln ½ ÷ ln keep steps. */
export function meanReverting(keep: number, length: number, seed: number): Float64Array {
  const random = seeded(seed);
  const values = new Float64Array(length);
  for (let index = 1; index < length; index++) {
    values[index] = keep * (values[index - 1] ?? 0) + random() + random() + random() - 1.5;
  }
  return values;
}
