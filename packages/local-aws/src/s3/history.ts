import { type ByteKey, fromByteKey } from './key-order';
import { type Bucket, isObject, type ObjectVersion } from './store';

/** What a caller deleted. */
export interface DeletionEntry {
  readonly kind: 'deletion';
  readonly bucket: string;
  readonly key: string;
  /** Of what was removed for good, or of the object that a delete marker now hides. */
  readonly versionId: string;
  /** SHA-256 of its bytes; absent for a delete marker. */
  readonly sha256?: string;
  /** Versions and delete markers of the key that lay over it, the newest first. */
  readonly under: readonly string[];
  /** Those that lay below it. */
  readonly over: readonly string[];
  /** The version id of the delete marker that was laid over it; absent where it was removed for good. */
  readonly marker?: string;
  /** SHA-256 of the object that other buckets had under the same key at that moment. */
  readonly elsewhere: Readonly<Record<string, string>>;
}

/** One thing that happened to the server. */
export type HistoryEntry =
  | {
      readonly kind: 'request';
      readonly operation: string;
      readonly bucket: string;
      readonly key: string;
      /** Whether it asked for a further page of a listing. */
      readonly continued: boolean;
    }
  /** A caller wrote over an object: the bytes that were there. */
  | { readonly kind: 'overwrite'; readonly bucket: string; readonly key: string; readonly sha256: string }
  /** What a fault's `mutate` did. */
  | { readonly kind: 'mutation'; readonly bucket: string; readonly key: string }
  | DeletionEntry;

/** A server may live for long: so much is remembered. */
const REMEMBERED = 100_000;

/** What happened, in order: what a judge needs who trusts neither the caller's words nor its exit code. */
export class History {
  #entries: HistoryEntry[] = [];

  constructor(private readonly kept: boolean) {}

  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  add(entry: HistoryEntry): void {
    if (!this.kept) return;
    this.#entries.push(entry);
    if (this.#entries.length > REMEMBERED) this.#entries.shift();
  }

  /** To be called before `version` of a key goes; what it hands back notes that it is gone. */
  deletionOf(
    buckets: Iterable<Bucket>,
    bucket: Bucket,
    key: ByteKey,
    version: ObjectVersion | undefined,
  ): (marker: string | undefined) => void {
    if (!this.kept || version === undefined) return () => undefined;
    const ids = bucket.history(key).map(({ versionId }) => versionId);
    const place = ids.indexOf(version.versionId);
    const elsewhere: Record<string, string> = {};
    for (const other of buckets) {
      const object = other === bucket ? undefined : other.currentObject(key);
      if (object !== undefined) elsewhere[other.name] = sha256Of(object.content.body);
    }
    const entry: DeletionEntry = {
      kind: 'deletion',
      bucket: bucket.name,
      key: fromByteKey(key),
      versionId: version.versionId,
      ...(isObject(version) ? { sha256: sha256Of(version.content.body) } : {}),
      under: ids.slice(0, place),
      over: ids.slice(place + 1),
      elsewhere,
    };
    return (marker) => this.add(marker === undefined ? entry : { ...entry, marker });
  }

  /** To be called before a caller's object is written. */
  overwriting(bucket: Bucket, key: ByteKey): void {
    const replaced = this.kept ? bucket.currentObject(key) : undefined;
    if (replaced === undefined) return;
    const sha256 = sha256Of(replaced.content.body);
    this.add({ kind: 'overwrite', bucket: bucket.name, key: fromByteKey(key), sha256 });
  }

  clear(): void {
    this.#entries = [];
  }
}

const sha256Of = (body: { digest(algorithm: 'SHA256'): Buffer }): string =>
  body.digest('SHA256').toString('hex');
