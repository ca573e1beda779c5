/** What an account of Chroma Cloud may not do more of. */
export interface ExceededQuota {
  /** Names no content. Goes on after a comma. */
  readonly what: string;
  /** What to do, a sentence without its full stop. */
  readonly advice: string;
  /** Whether one record is too much of it, whatever else the account has. */
  readonly isOfRecord: boolean;
}

/**
 * How Chroma Cloud tells of it, with status 422, as the message of a `ChromaError` (`QuotaExceededError` in chroma's
 * `rust/frontend/src/quota/mod.rs`). All that it quotes is the quota's name and two numbers.
 */
const EXCEEDED =
  /^Quota exceeded: '([\w ()]{1,64})' exceeded quota limit for action '[\w ]{1,32}': current usage of (\d+) exceeds limit of (\d+)/;
/** `npm:chromadb` knows both by these beginnings. */
const BEGINNING = /^(?:Quota|Billing limit) exceeded/;
/** The kind of error under which servers of before 2025 told of it, with status 400. */
const EARLIER_KIND = 'QuotaError';

/** The names of the quotas that a single record can exceed. All others are the account's, or of a whole request. */
const OF_RECORD = new Set([
  'Size of metadata dictionary key (bytes)',
  'Size of metadata dictionary value (bytes)',
  'Number of metadata dictionary keys',
  'Document size (bytes)',
  'ID size (bytes)',
]);

/**
 * Reads a refusal's body.
 *
 * @returns undefined when it tells of no quota.
 */
export function exceededQuota(answer: string): ExceededQuota | undefined {
  const { error, message } = parse(answer);
  if (error !== EARLIER_KIND && !BEGINNING.test(message)) return undefined;
  if (message.startsWith('Billing')) {
    return {
      what: "since Chroma Cloud's billing limit is reached",
      advice: 'Log into trychroma.com and raise it; its runs wait until then',
      isOfRecord: false,
    };
  }
  const [, name, usage, limit] = EXCEEDED.exec(message) ?? [];
  const isOfRecord = name !== undefined && OF_RECORD.has(name);
  return {
    what:
      name === undefined
        ? "since a quota of Chroma Cloud's is exceeded"
        : `since Chroma Cloud's quota "${name}" allows ${limit}, and it would be ${usage}`,
    advice: `Chroma raises quotas on request (support@trychroma.com)${isOfRecord ? '' : '; its runs wait until then'}`,
    isOfRecord,
  };
}

function parse(answer: string): { readonly error: string; readonly message: string } {
  try {
    const { error, message } = Object(JSON.parse(answer)) as Record<string, unknown>;
    return { error: String(error), message: String(message) };
  } catch {
    return { error: '', message: '' };
  }
}
