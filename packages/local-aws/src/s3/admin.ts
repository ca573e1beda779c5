import { Body } from './body';
import { type Fault, type FaultState, type Faults, faultProblem, type Mutation } from './faults';
import type { HistoryEntry } from './history';
import { toByteKey } from './key-order';
import type { AskedAction, ConditionalRequest, RequestCounts, RequestLog } from './request-log';
import { completeRestores } from './restore';
import { OPERATION_NAMES } from './routes';
import type { Service } from './service';
import type { ObjectContent } from './store';

/** Below this path the server talks about itself. No bucket's name can start with an underscore. */
export const ADMIN_PATH = '/_admin/';

interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What somebody else does to a bucket: no policy, no condition, no notification. */
export function applyMutation(service: Service, mutation: Mutation): void {
  if ('put' in mutation) {
    const { bucket, key, body } = mutation.put;
    service.bucket(bucket).write(toByteKey(key), plainContent(body));
  } else {
    const { bucket, key } = mutation.delete;
    service.bucket(bucket).remove(toByteKey(key));
  }
  const { bucket, key } = 'put' in mutation ? mutation.put : mutation.delete;
  service.history.add({ kind: 'mutation', bucket, key });
}

const PLAIN = {
  headers: { 'content-type': 'binary/octet-stream' },
  encryption: { 'x-amz-server-side-encryption': 'AES256' },
  storageClass: 'STANDARD',
  tags: [],
  checksum: undefined,
} as const;

function plainContent(text: string): ObjectContent {
  const body = new Body([Buffer.from(text)]);
  return { ...PLAIN, body, etag: body.digest('MD5').toString('hex') };
}

/** Objects that need no request each: `{prefix}{number of nine digits, from 0}{suffix}`, and that is its text, too. */
export interface Filling {
  readonly bucket: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly objects: number;
  /** Only those whose number it divides. @default 1 */
  readonly every?: number;
}

function fill(service: Service, { bucket, prefix, suffix, objects, every = 1 }: Filling): void {
  const filled = service.bucket(bucket);
  for (let number = 0; number < objects; number += every) {
    const key = `${prefix}${String(number).padStart(9, '0')}${suffix}`;
    filled.write(toByteKey(key), plainContent(key));
  }
}

/**
 * `POST /_admin/fill` puts many objects into a bucket at once.
 * `POST /_admin/faults` arms one fault or a list; `GET` tells what each did; `DELETE` disarms all.
 * `GET /_admin/requests` counts requests by operation; `DELETE` starts again from zero.
 * `GET /_admin/conditional-requests` lists those that carried a condition, with it.
 * `GET /_admin/actions` lists what callers had to be allowed to do.
 * `POST /_admin/restores` completes the restores of archived objects that are in progress.
 * `GET /_admin/history` tells what happened, in order, where that is kept; `DELETE` forgets it.
 * `GET /_admin/undelivered` lists notifications that no queue took.
 */
export function answerAdmin(
  method: string,
  path: string,
  payload: Buffer,
  { service, faults, log }: { service: Service; faults: Faults; log: RequestLog },
): AdminAnswer {
  switch (`${method} ${path}`) {
    case `POST ${ADMIN_PATH}fill`:
      fill(service, JSON.parse(payload.toString('utf8')));
      return { status: 200, body: {} };
    case `POST ${ADMIN_PATH}faults`: {
      const faultsGiven: unknown[] = [JSON.parse(payload.toString('utf8'))].flat();
      const problems = faultsGiven.flatMap((fault) => faultProblem(fault, OPERATION_NAMES) ?? []);
      if (problems.length > 0) return { status: 400, body: { problems } };
      for (const fault of faultsGiven) faults.arm(fault as Fault);
      return { status: 200, body: faults.states };
    }
    case `GET ${ADMIN_PATH}faults`:
      return { status: 200, body: faults.states };
    case `DELETE ${ADMIN_PATH}faults`:
      faults.clear();
      return { status: 200, body: [] };
    case `GET ${ADMIN_PATH}requests`:
      return { status: 200, body: log.counts };
    case `DELETE ${ADMIN_PATH}requests`:
      log.clear();
      return { status: 200, body: {} };
    case `GET ${ADMIN_PATH}conditional-requests`:
      return { status: 200, body: log.conditional };
    case `GET ${ADMIN_PATH}actions`:
      return { status: 200, body: log.actions };
    case `POST ${ADMIN_PATH}restores`:
      return { status: 200, body: completeRestores(service.buckets.values()) };
    case `GET ${ADMIN_PATH}history`:
      return { status: 200, body: service.history.entries };
    case `DELETE ${ADMIN_PATH}history`:
      service.history.clear();
      return { status: 200, body: [] };
    case `GET ${ADMIN_PATH}undelivered`:
      return { status: 200, body: service.queues.undelivered };
    default:
      return { status: 404, body: { problems: [`There is no ${method} ${path}.`] } };
  }
}

async function callAdmin(endpoint: string, method: string, name: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${endpoint}${ADMIN_PATH}${name}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`The embedded S3 refused ${method} ${name}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What can be asked of a running S3 about itself, from any process. */
export interface S3Admin {
  /** Arms faults. Requests are matched and counted from now on. */
  inject(...faults: readonly Fault[]): Promise<void>;
  /** What each armed fault has met and hit. */
  faults(): Promise<readonly FaultState[]>;
  /** Disarms all faults. */
  clearFaults(): Promise<void>;
  /** Fills a bucket as benchmarks of many objects need it, a million in seconds. */
  fill(filling: Filling): Promise<void>;
  /** Completes the restores of archived objects that are in progress, and tells how many that were. */
  completeRestores(): Promise<number>;
  requests(): Promise<RequestCounts>;
  /** The requests that were to be done under a condition only, in the order in which they came. */
  conditionalRequests(): Promise<readonly ConditionalRequest[]>;
  /** What callers had to be allowed to do, by an identity policy or a bucket policy: each once. */
  actions(): Promise<readonly AskedAction[]>;
  /** What happened, in order: nothing unless the server was started with `history`. */
  history(): Promise<readonly HistoryEntry[]>;
  clearHistory(): Promise<void>;
  /** Counts again from zero, and forgets conditions and actions. */
  resetRequests(): Promise<void>;
}

/** @param endpoint - of a server started by `startLocalAws` or `startS3Server`. */
export function s3Admin(endpoint: string): S3Admin {
  const call = (method: string, name: string, body?: unknown) => callAdmin(endpoint, method, name, body);
  return {
    inject: async (...faults) => void (await call('POST', 'faults', faults)),
    faults: async () => (await call('GET', 'faults')) as readonly FaultState[],
    clearFaults: async () => void (await call('DELETE', 'faults')),
    fill: async (filling) => void (await call('POST', 'fill', filling)),
    completeRestores: async () => (await call('POST', 'restores')) as number,
    requests: async () => (await call('GET', 'requests')) as RequestCounts,
    conditionalRequests: async () =>
      (await call('GET', 'conditional-requests')) as readonly ConditionalRequest[],
    actions: async () => (await call('GET', 'actions')) as readonly AskedAction[],
    history: async () => (await call('GET', 'history')) as readonly HistoryEntry[],
    clearHistory: async () => void (await call('DELETE', 'history')),
    resetRequests: async () => void (await call('DELETE', 'requests')),
  };
}
