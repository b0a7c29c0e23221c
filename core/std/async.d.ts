/** Types of the part of the official async library that berth uses; same names and shapes as on JSR. */
export interface DelayOptions {
  signal?: AbortSignal;
  /** Keeps the process alive while waiting. @default true */
  persistent?: boolean;
}
export function delay(ms: number, options?: DelayOptions): Promise<void>;

export interface DeadlineOptions {
  signal?: AbortSignal;
}
export function deadline<T>(p: Promise<T>, ms: number, options?: DeadlineOptions): Promise<T>;

export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
export function abortable<T>(p: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T>;

export interface DebouncedFunction<T extends readonly unknown[]> {
  (...args: T): void;
  clear(): void;
  flush(): void;
  readonly pending: boolean;
}
export function debounce<T extends readonly unknown[]>(
  fn: (this: DebouncedFunction<T>, ...args: T) => void,
  wait: number,
): DebouncedFunction<T>;

export function pooledMap<T, R>(
  poolLimit: number,
  array: Iterable<T> | AsyncIterable<T>,
  iteratorFn: (data: T) => Promise<R>,
): AsyncIterableIterator<R>;

export class RetryError extends Error {
  constructor(cause: unknown, attempts: number);
}
export interface RetryOptions {
  multiplier?: number;
  maxTimeout?: number;
  maxAttempts?: number;
  minTimeout?: number;
  jitter?: number;
}
export function retry<T>(fn: (() => Promise<T>) | (() => T), options?: RetryOptions): Promise<T>;
