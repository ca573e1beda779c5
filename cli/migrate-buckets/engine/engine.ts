import type { ListedObject } from '../listing/listed-object';

export interface CopyRequest {
  readonly source: string;
  readonly destination: string;
  /** As the source's listing gave it: key, size, ETag (the copy is pinned to it), storage class. */
  readonly object: ListedObject;
  /** The key that its copy is to have. */
  readonly key: string;
  /** Names of tags that the copy does not carry. @default - it carries all */
  readonly withoutTags?: readonly string[] | undefined;
  /** The ETag that the destination must hold for the copy to go ahead, or `absent`. */
  readonly expected: string;
  /** An upload in parts that an earlier run began for this very ETag. */
  readonly uploadId?: string | undefined;
  /** Called when an upload in parts begins, before its first part: note the id, so that it can be resumed. */
  readonly onUpload?: ((uploadId: string) => Promise<void>) | undefined;
}

export interface CopyResult {
  /** The destination's new ETag, without quotes. */
  readonly etag: string;
}

/**
 * What moves bytes. The commands know this interface alone, so that a faster engine can replace the SDK's.
 */
export interface CopyEngine {
  /**
   * All objects, or those whose keys begin with a prefix, in the order of their UTF-8 bytes. A page that fails is
   * an error, never an early end.
   */
  list(bucket: string, prefix?: string): AsyncIterable<ListedObject>;
  /**
   * Copies one object on the server's side, with its metadata, its tags but those that are not wanted, and its storage class.
   *
   * @throws {CopyError} whose `reason` says what stood in the way. Nothing was overwritten then.
   */
  copy(request: CopyRequest): Promise<CopyResult>;
  /** Rejects, with the permission that is missing, unless this object could be copied with all that it carries. */
  probe(request: CopyRequest, parts: boolean): Promise<CopyResult>;
}

export type CopyFailureReason =
  | 'source-changed'
  | 'source-gone'
  | 'destination-differs'
  | 'destination-gone'
  | 'key-too-long'
  | 'failed';

export class CopyError extends Error {
  override readonly name = 'CopyError';

  constructor(
    readonly key: string,
    readonly reason: CopyFailureReason,
    message: string,
  ) {
    super(message);
  }
}
