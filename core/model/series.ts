/** What a series of numbers has been: percentiles, mean and deviation, and how fast it returns to its mean. Pure. */

/** With linear interpolation between ranks; NaN of nothing. */
export function percentile(values: Float64Array, percent: number): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted();
  const rank = (Math.min(100, Math.max(0, percent)) / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? NaN;
  const above = sorted[Math.ceil(rank)] ?? NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Sample mean and deviation; undefined of fewer than two values or of values that are all the same. */
export function meanAndDeviation(
  values: Float64Array,
): { readonly mean: number; readonly deviation: number } | undefined {
  if (values.length < 2) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return deviation > 0 ? { mean, deviation } : undefined;
}

/**
 * Samples after which half of a deviation from the mean is gone, by the regression of each change on the value before
 * it (an Ornstein–Uhlenbeck process in discrete time): x[t] − x[t−1] = a + b x[t−1], half-life = −ln 2 ÷ ln(1 + b).
 * Undefined when the series does not return to its mean.
 */
export function halfLifeSteps(values: Float64Array): number | undefined {
  const count = values.length - 1;
  if (count < 3) return undefined;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  for (let index = 0; index < count; index++) {
    const x = values[index] ?? 0;
    const y = (values[index + 1] ?? 0) - x;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  }
  const variance = sumXX - (sumX * sumX) / count;
  if (!(variance > 0)) return undefined;
  const slope = (sumXY - (sumX * sumY) / count) / variance;
  if (!(slope < 0 && slope > -1)) return slope <= -1 ? 0 : undefined;
  return -Math.LN2 / Math.log(1 + slope);
}
