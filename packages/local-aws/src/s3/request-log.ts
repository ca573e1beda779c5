import type { IncomingHttpHeaders } from 'node:http';

/** Requests by operation since the start or the last reset. */
export type RequestCounts = Readonly<Record<string, number>>;

/** A request that was to be done under a condition only. */
export interface ConditionalRequest {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  /** `if-match`, `x-amz-copy-source-if-match` and their like, with the values that were sent. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** Something that a caller had to be allowed to do. */
export interface AskedAction {
  readonly accessKeyId: string;
  /** `s3:GetObject` */
  readonly action: string;
  /** `*` for an action on the account. */
  readonly bucket: string;
  /** Whether it was asked for on objects of the bucket. */
  readonly onObject: boolean;
}

/** A server may live for long: so many conditional requests are remembered. */
const REMEMBERED = 10_000;

/** What was asked of the server since the start or the last reset. */
export class RequestLog {
  readonly #counts = new Map<string, number>();
  #conditional: ConditionalRequest[] = [];
  readonly #actions = new Map<string, AskedAction>();

  note(
    operation: string,
    { bucket, key }: { bucket: string; key: string },
    headers: IncomingHttpHeaders,
  ): void {
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1);
    const conditions = Object.entries(headers).filter(([name]) => /^(x-amz-copy-source-)?if-/.test(name));
    if (conditions.length === 0) return;
    this.#conditional.push({
      operation,
      bucket,
      key,
      conditions: Object.fromEntries(conditions.map(([name, value]) => [name, String(value)])),
    });
    if (this.#conditional.length > REMEMBERED) this.#conditional.shift();
  }

  noteAction(asked: AskedAction): void {
    this.#actions.set(JSON.stringify(Object.values(asked)), asked);
  }

  get counts(): RequestCounts {
    return Object.fromEntries(this.#counts);
  }

  /** In the order in which they came; the oldest are forgotten. */
  get conditional(): readonly ConditionalRequest[] {
    return this.#conditional;
  }

  /** Each once, in the order in which they were first asked for. */
  get actions(): readonly AskedAction[] {
    return [...this.#actions.values()];
  }

  clear(): void {
    this.#actions.clear();
    this.#counts.clear();
    this.#conditional = [];
  }
}
