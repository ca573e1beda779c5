import { PAGE_FAULTS, type PageFault } from './broken-answers';
import { isS3ErrorCode, S3Error, type S3ErrorCode } from './s3-error';

/** Which requests a fault is for. All that is given must hold. */
interface FaultMatch {
  /** `CopyObject`, `ListObjectsV2`, … @default - every operation. */
  readonly operation?: string;
  readonly bucket?: string;
  readonly keyPrefix?: string;
}

/** A change that somebody else makes just before the request that the fault picked is handled. */
export type Mutation =
  | { readonly put: { readonly bucket: string; readonly key: string; readonly body: string } }
  | { readonly delete: { readonly bucket: string; readonly key: string } };

/** What happens to a request. */
export interface Fault extends FaultMatch {
  /** The first matching request that is hit, from 1. @default 1 */
  readonly nth?: number;
  /** How many matching requests are hit from then on; 0 means all. @default 1 */
  readonly times?: number;
  /** Answer with this error instead of doing anything: `SlowDown`, `InternalError`, `AccessDenied`, … */
  readonly fail?: S3ErrorCode;
  /** Answer with 200 and this error in the body, of DeleteObjects one for each key, instead of doing anything. */
  readonly failInside?: S3ErrorCode;
  /** A page of a listing that is `repeated`, `reversed`, `cut` off, or does not say whether more follows (`unsaid`). */
  readonly page?: PageFault;
  /**
   * Break the connection: `before` anything was done, `after` it was done (the caller cannot know), or
   * `middle` of the answer's body.
   */
  readonly reset?: 'before' | 'after' | 'middle';
  /** The answer begins, trickles on and never ends. */
  readonly trickle?: true;
  /** Wait before handling. Milliseconds. */
  readonly delay?: number;
  /** Somebody else changes an object first. */
  readonly mutate?: Mutation;
  /** SlowDown for whatever exceeds so many matching requests a second, counted per bucket. `nth` and `times` do not apply. */
  readonly perSecond?: number;
}

interface ArmedFault {
  readonly fault: Fault;
  matched: number;
  fired: number;
  readonly allowance: Map<string, { tokens: number; at: number }>;
}

/** A fault with what it has done so far. */
export interface FaultState {
  readonly fault: Fault;
  /** Requests that its match described. */
  readonly matched: number;
  /** Requests that it hit. */
  readonly fired: number;
}

const slowDown = () => new S3Error('SlowDown', 'Please reduce your request rate.');

/** Why a fault cannot be armed; undefined when it can. */
export function faultProblem(fault: unknown, operations: ReadonlySet<string>): string | undefined {
  if (typeof fault !== 'object' || fault === null) return 'A fault is an object.';
  const { fail, failInside, page, reset, operation } = fault as Fault;
  if (operation !== undefined && !operations.has(operation)) return `There is no operation "${operation}".`;
  for (const code of [fail, failInside]) {
    if (code !== undefined && !isS3ErrorCode(code))
      return `"${code}" is not an error code that this server knows.`;
  }
  if (page !== undefined && !PAGE_FAULTS.includes(page)) {
    return `page is ${PAGE_FAULTS.join(', ')}, not "${page}".`;
  }
  if (reset !== undefined && !['before', 'after', 'middle'].includes(reset)) {
    return `reset is before, after or middle, not "${reset}".`;
  }
  const known = [
    'operation',
    'bucket',
    'keyPrefix',
    'nth',
    'times',
    'fail',
    'failInside',
    'page',
    'reset',
    'trickle',
    'delay',
    'mutate',
    'perSecond',
  ];
  const unknown = Object.keys(fault).filter((name) => !known.includes(name));
  return unknown.length === 0 ? undefined : `A fault has no "${unknown.join('", "')}".`;
}

/** What goes wrong on purpose. */
export class Faults {
  #armed: ArmedFault[] = [];

  arm(fault: Fault): void {
    this.#armed.push({ fault, matched: 0, fired: 0, allowance: new Map() });
  }

  clear(): void {
    this.#armed = [];
  }

  get states(): readonly FaultState[] {
    return this.#armed.map(({ fault, matched, fired }) => ({ fault, matched, fired }));
  }

  /** Counts a request, and tells which faults hit it. */
  hit(operation: string, bucket: string, key: string): readonly Fault[] {
    if (this.#armed.length === 0) return NONE;
    return this.#armed
      .filter((armed) => {
        const { fault } = armed;
        if (fault.operation !== undefined && fault.operation !== operation) return false;
        if (fault.bucket !== undefined && fault.bucket !== bucket) return false;
        if (fault.keyPrefix !== undefined && !key.startsWith(fault.keyPrefix)) return false;
        armed.matched += 1;
        const { nth = 1, times = 1 } = fault;
        const hit =
          fault.perSecond === undefined
            ? armed.matched >= nth && (times === 0 || armed.matched < nth + times)
            : !takeToken(armed, bucket, fault.perSecond);
        if (hit) armed.fired += 1;
        return hit;
      })
      .map(({ fault }) => fault);
  }
}

const NONE: readonly Fault[] = [];

/** A bucket of tokens, as deep as one second's worth. */
function takeToken({ allowance }: ArmedFault, bucket: string, perSecond: number): boolean {
  const now = performance.now();
  const last = allowance.get(bucket) ?? { tokens: perSecond, at: now };
  const tokens = Math.min(perSecond, last.tokens + ((now - last.at) / 1000) * perSecond);
  const granted = tokens >= 1;
  allowance.set(bucket, { tokens: granted ? tokens - 1 : tokens, at: now });
  return granted;
}

/** The error that a fault answers with, if it does. */
export function faultError(fault: Fault): S3Error | undefined {
  if (fault.perSecond !== undefined || fault.fail === 'SlowDown') return slowDown();
  if (fault.fail === undefined) return undefined;
  return new S3Error(fault.fail, `We encountered a fault that a test asked for (${fault.fail}).`);
}
