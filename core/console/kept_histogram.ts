/** A histogram whose counts are kept by the host: the client library's own type, shown as it stands, observed elsewhere. */
import { Histogram, type Registry } from "prom-client";
import { latencyBoundsMs, type LatencyHistogram } from "../model/latency_histogram.ts";

type Labels = Readonly<Record<string, string>>;

/** As the library's own histograms give it, series by series. */
interface Exported {
  readonly name: string;
  readonly help: string;
  readonly type: "histogram";
  readonly aggregator: "sum";
  readonly values: readonly {
    readonly metricName: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

export interface KeptHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registry: Registry;
}

/** Upper bounds as Prometheus writes them. */
const bounds: readonly (number | "+Inf")[] = [...latencyBoundsMs, "+Inf"];

/** In milliseconds, by the bounds that all of berth's latencies are counted by. */
export class KeptHistogram extends Histogram<string> {
  /** By the labels' text. */
  readonly #series = new Map<string, { readonly labels: Labels; readonly histogram: LatencyHistogram }>();
  readonly #options: KeptHistogramOptions;

  constructor(options: KeptHistogramOptions) {
    const { name, help, labelNames, registry } = options;
    super({ name, help, labelNames: [...labelNames], buckets: [...latencyBoundsMs], registers: [registry] });
    this.#options = options;
  }

  /** What is counted by now. */
  set(labels: Labels, histogram: LatencyHistogram): void {
    this.#series.set(JSON.stringify(labels), { labels, histogram });
  }

  /** What the registry asks of a histogram in place of the counts that the library would have kept. */
  getForPromString(): Promise<Exported> {
    const { name, help } = this.#options;
    const values = [...this.#series.values()].flatMap(({ labels, histogram }) =>
      seriesOf(name, labels, histogram)
    );
    return Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values });
  }
}

/** Buckets added up, as Prometheus wants them, then sum and count. */
function seriesOf(name: string, labels: Labels, { counts, sumMs }: LatencyHistogram): Exported["values"] {
  let total = 0;
  const buckets = bounds.map((le, at) => {
    total += counts[at] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { ...labels }, value: sumMs },
    { metricName: `${name}_count`, labels: { ...labels }, value: total },
  ];
}
