import { setTimeout as delay } from 'node:timers/promises';
import type { RecordLimits } from '../../../contracts/chroma-cloud';
import { CHROMA_REQUEST_SECONDS } from '../../../contracts/lease';
import { messageOf } from '../../shared/logging';
import { stringifyExactly } from '../../shared/written-numbers';
import { type ExceededQuota, exceededQuota } from './quota';

export interface ChromaDatabaseOptions {
  /** `http://127.0.0.1:8000`, without a path. */
  readonly url: string;
  /** @default default_tenant */
  readonly tenant?: string | undefined;
  /** @default default_database */
  readonly database?: string | undefined;
  /** Chroma Cloud's API key. @default - none is sent */
  readonly apiKey?: string | undefined;
  /** Ends every request that is under way. @default - nothing does */
  readonly signal?: AbortSignal;
  /** Told of an attempt that Chroma gave no answer to: it may be carried out all the same, and later. @default - nobody is told */
  readonly unanswered?: () => void;
  /** Whether other programs may write to it at the same time. @default false */
  readonly isShared?: boolean;
  /** What it takes of a record. @default - whatever is sent */
  readonly recordLimits?: RecordLimits | undefined;
  /** Whose collections are made: the bucket of a pipeline. @default - nothing of that is noted on them */
  readonly owner?: string | undefined;
}

/** One database of an HTTP Chroma (REST, API v2). */
export interface ChromaDatabase {
  readonly isShared: boolean;
  /** Undefined where it takes whatever is sent. */
  readonly recordLimits: RecordLimits | undefined;
  /** Whose collections are made; undefined where that is not noted on them. */
  readonly owner: string | undefined;
  /** @param path - below the database: `collections`, say. */
  get<Answer>(path: string): Promise<Answer>;
  /** @param read - reads the answer. @default JSON.parse */
  post<Answer>(path: string, body: object, read?: (json: string) => unknown): Promise<Answer>;
  put(path: string, body: object): Promise<void>;
  delete(path: string): Promise<void>;
}

/** Chroma does not do what it was asked to. The message names the request and its kind of error, and no content. */
export class ChromaRefusal extends Error {
  override readonly name = 'ChromaRefusal';

  constructor(
    private readonly what: string,
    /** Of HTTP. */
    readonly status: number,
    private readonly quota?: ExceededQuota,
  ) {
    super(quota === undefined ? what : `${what}. ${quota.advice}`);
  }

  /** Whether it lies in what was sent: a part of it may be taken. */
  get isOfRequest(): boolean {
    return OF_REQUEST.has(this.status);
  }

  /** Whether Chroma would refuse the same again, whatever else changes. A quota that the account has used up does. */
  get isLasting(): boolean {
    return this.isOfRequest && this.quota?.isOfRecord !== false;
  }

  /** The same, with the records that were to be written. */
  about(ids: readonly string[]): ChromaRefusal {
    const records = ids.length < 2 ? ids[0] : `${ids.length} records from ${ids[0]} to ${ids.at(-1)}`;
    return new ChromaRefusal(`${this.what}, of ${records}`, this.status, this.quota);
  }
}

/** What cannot be read, is too large, or is not what it takes. */
const OF_REQUEST = new Set([400, 413, 422]);

const ATTEMPTS = 6;
const FIRST_DELAY_MILLISECONDS = 200;
/** Too many requests, and trouble of the server's own, or of a gateway before it. */
const isRetried = (status: number): boolean => status === 429 || status >= 500;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What came of a request: an answer, or a failure where none came. */
interface Attempt {
  readonly status?: number;
  readonly text?: string;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly failure?: unknown;
}

/**
 * Requests are tried again, with jitter, when the server says that it is busy or in trouble, or does not answer;
 * `Retry-After` is honoured. All that we send may be carried out twice: what is there already stays as it is.
 *
 * @throws {ChromaRefusal} with the request, the status and Chroma's kind of error when it refuses; never with the body sent.
 */
export function chromaDatabase(options: ChromaDatabaseOptions): ChromaDatabase {
  const { url, tenant = 'default_tenant', database = 'default_database', apiKey } = options;
  const base = `${url.replace(/\/$/, '')}/api/v2/tenants/${encodeURIComponent(tenant)}/databases/${encodeURIComponent(database)}/`;
  const headers = { 'content-type': 'application/json', ...(apiKey && { 'x-chroma-token': apiKey }) };

  const attempt = async (method: Method, path: string, body: string | undefined): Promise<Attempt> => {
    const timeout = AbortSignal.timeout(CHROMA_REQUEST_SECONDS * 1000);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    options.signal?.throwIfAborted();
    try {
      const response = await fetch(base + path, { method, headers, body, signal });
      const text = await response.text();
      // A gateway gives up a request that the server behind it may still be at.
      if (response.status >= 500) options.unanswered?.();
      const retryAfter = Number(response.headers.get('retry-after'));
      return { status: response.status, text, retryAfter };
    } catch (error) {
      options.unanswered?.();
      signal.throwIfAborted();
      return { failure: error };
    }
  };
  const request = async <Answer>(
    method: Method,
    path: string,
    body?: object,
    read: (json: string) => unknown = JSON.parse,
  ): Promise<Answer> => {
    const json = body && stringifyExactly(body);
    for (let attempts = 1; ; attempts += 1) {
      const { status, text = '', retryAfter = 0, failure } = await attempt(method, path, json);
      if (status !== undefined && status < 400) return read(text) as Answer;
      if (attempts === ATTEMPTS && status === undefined) {
        const why = messageOf(failure);
        throw new Error(`Chroma gave no answer to ${method} ${path}, ${ATTEMPTS} times: ${why}`, {
          cause: failure,
        });
      }
      if (status !== undefined && (attempts === ATTEMPTS || !isRetried(status))) {
        const quota = exceededQuota(text);
        const why = quota === undefined ? errorName(text) : `, ${quota.what}`;
        throw new ChromaRefusal(
          `Chroma refused ${method} ${path} with status ${status}${why}`,
          status,
          quota,
        );
      }
      const backoff = FIRST_DELAY_MILLISECONDS * 2 ** (attempts - 1) * (0.5 + Math.random());
      // Woken early by the signal, the next attempt throws its reason.
      await delay(retryAfter > 0 ? retryAfter * 1000 : backoff, undefined, { signal: options.signal }).catch(
        () => {},
      );
    }
  };
  return {
    isShared: options.isShared ?? false,
    recordLimits: options.recordLimits,
    owner: options.owner,
    get: (path) => request('GET', path),
    post: (path, body, read) => request('POST', path, body, read),
    put: (path, body) => request('PUT', path, body, () => {}),
    delete: (path) => request('DELETE', path, undefined, () => {}),
  };
}

/** The kind of error that Chroma names. Its message is left out: it may quote a document, and errors are logged. */
function errorName(answer: string): string {
  const [, name] = /"error":\s*"([\w ]{1,64})"/.exec(answer) ?? [];
  return name === undefined ? '' : ` (${name})`;
}
