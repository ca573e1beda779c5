import { randomBytes } from 'node:crypto';
import type { Body, ChecksumAlgorithm } from './body';
import { currentMoment, type Moment } from './clock';
import { type ByteKey, SortedKeys } from './key-order';
import type { BucketPolicy } from './policy-document';
import { S3Error } from './s3-error';

export type Headers = Readonly<Record<string, string>>;

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; a COMPOSITE one ends with `-{parts}`. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

interface PartSummary {
  readonly number: number;
  readonly size: number;
  readonly checksum: Checksum | undefined;
}

export interface ObjectTag {
  readonly key: string;
  readonly value: string;
}

export interface ObjectContent {
  readonly body: Body;
  /** Without quotes. */
  readonly etag: string;
  /** Content-Type and its like, and `x-amz-meta-*`, as they are sent back. */
  readonly headers: Headers;
  readonly encryption: Headers;
  readonly storageClass: string;
  readonly tags: readonly ObjectTag[];
  readonly checksum: Checksum | undefined;
  /** Of an object that was completed from parts. */
  readonly parts?: readonly PartSummary[];
}

/** One version of an object, or a delete marker (which has no content). */
export interface ObjectVersion {
  readonly versionId: string;
  readonly modified: Moment;
  readonly content: ObjectContent | undefined;
  legalHold?: 'ON' | 'OFF';
  retention?: { readonly mode: string; readonly until: string };
  /** Of an archived object: days and, in milliseconds since 1970, until when it can be read once that is done. */
  restore?: { readonly done: boolean; readonly days: number; readonly until: number };
  /** Cached elements of listings. */
  listed?: string;
  listedUrlEncoded?: string;
}

export type ExistingObject = ObjectVersion & { readonly content: ObjectContent };

export const isObject = (version: ObjectVersion | undefined): version is ExistingObject =>
  version?.content !== undefined;

interface KeyHistory {
  readonly key: ByteKey;
  /** Newest first, never empty. */
  readonly versions: ObjectVersion[];
}

export interface UploadedPart {
  readonly number: number;
  readonly body: Body;
  readonly etag: string;
  readonly modified: Moment;
  readonly checksum: Checksum | undefined;
}

export interface MultipartUpload {
  readonly id: string;
  readonly key: ByteKey;
  readonly initiated: Moment;
  /** What the object will have beside its body. */
  readonly draft: Pick<ObjectContent, 'headers' | 'encryption' | 'storageClass' | 'tags'>;
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | undefined;
  readonly parts: Map<number, UploadedPart>;
}

/** The version id of whatever is written while a bucket is not versioned. */
const NULL_VERSION = 'null';

/** What a delete did. */
export interface Deletion {
  readonly versionId: string | undefined;
  /** A marker was made, or the version that was removed was one. */
  readonly deleteMarker: boolean;
  readonly existed: boolean;
}

export class Bucket {
  readonly keys = new SortedKeys<KeyHistory>();
  readonly uploads = new Map<string, MultipartUpload>();
  /** Answers of completed uploads: S3 answers a repeated completion as it did the first. */
  readonly completed = new Map<string, string>();
  /** Stored configurations by sub-resource, byte for byte. */
  readonly configurations = new Map<string, Buffer>();
  policy: { readonly text: Buffer; readonly document: BucketPolicy } | undefined;
  versioning: 'Enabled' | 'Suspended' | undefined;
  readonly created = currentMoment();

  constructor(
    readonly name: string,
    readonly region: string,
    /** The account that owns it, twelve digits. */
    readonly owner: string,
  ) {}

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  history(key: ByteKey): readonly ObjectVersion[] {
    return this.keys.get(key)?.versions ?? [];
  }

  /** The newest version, which may be a delete marker. */
  current(key: ByteKey): ObjectVersion | undefined {
    return this.keys.get(key)?.versions[0];
  }

  currentObject(key: ByteKey): ExistingObject | undefined {
    const version = this.current(key);
    return isObject(version) ? version : undefined;
  }

  /** @throws {S3Error} NoSuchVersion. */
  version(key: ByteKey, versionId: string): ObjectVersion {
    const found = this.history(key).find((version) => version.versionId === versionId);
    if (found !== undefined) return found;
    throw new S3Error('NoSuchVersion', 'The specified version does not exist.', { VersionId: versionId });
  }

  /** What `x-amz-version-id` says of a version; nothing in a bucket that never was versioned. */
  versionHeader(versionId: string): Headers {
    return this.versioning === undefined ? {} : { 'x-amz-version-id': versionId };
  }

  /** @param modified - S3 dates a multipart object from its upload's start. */
  write(key: ByteKey, content: ObjectContent, modified: Moment = currentMoment()): ExistingObject {
    const version = { versionId: this.#nextVersionId(), modified, content };
    this.#insert(key, version);
    return version;
  }

  /** A delete without a version id: removes the object, or covers it with a marker where versions are kept. */
  remove(key: ByteKey): Deletion {
    const existed = isObject(this.current(key));
    if (this.versioning === undefined) {
      this.keys.delete(key);
      return { versionId: undefined, deleteMarker: false, existed };
    }
    const marker = { versionId: this.#nextVersionId(), modified: currentMoment(), content: undefined };
    this.#insert(key, marker);
    return { versionId: marker.versionId, deleteMarker: true, existed };
  }

  removeVersion(key: ByteKey, versionId: string): Deletion {
    const history = this.keys.get(key);
    const index = history?.versions.findIndex((version) => version.versionId === versionId) ?? -1;
    if (history === undefined || index < 0) return { versionId, deleteMarker: false, existed: false };
    const [removed] = history.versions.splice(index, 1);
    if (history.versions.length === 0) this.keys.delete(key);
    return { versionId, deleteMarker: removed !== undefined && !isObject(removed), existed: true };
  }

  /** Tags are the one part of a version that can change after it was written. */
  setTags(key: ByteKey, version: ExistingObject, tags: readonly ObjectTag[]): void {
    const versions = this.keys.get(key)?.versions ?? [];
    const index = versions.indexOf(version);
    if (index >= 0) versions[index] = { ...version, content: { ...version.content, tags } };
  }

  #nextVersionId(): string {
    return this.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : NULL_VERSION;
  }

  #insert(key: ByteKey, version: ObjectVersion): void {
    const history = this.keys.get(key);
    if (history === undefined) {
      this.keys.add({ key, versions: [version] });
      return;
    }
    // There is at most one null version: a write while versioning is off or suspended replaces it.
    if (version.versionId === NULL_VERSION) {
      const index = history.versions.findIndex(({ versionId }) => versionId === NULL_VERSION);
      if (index >= 0) history.versions.splice(index, 1);
    }
    history.versions.unshift(version);
  }
}
