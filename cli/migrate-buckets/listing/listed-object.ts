/** What a listing tells of one object. Everything that the copy needs is in here: no HEAD per object. */
export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly storageClass: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** The bucket it comes from, where that is not the bucket that is listed: a stranded delta. */
  readonly bucket?: string | undefined;
  /** Set where one version of several is meant; absent for the current object. */
  readonly versionId?: string | undefined;
}

/** An object, and the bucket that holds it. */
export interface Located {
  readonly bucket: string;
  readonly object: ListedObject;
}

/** Equal content, as far as a listing shows it. */
export const looksEqual = (
  a: Pick<ListedObject, 'etag' | 'size'>,
  b: Pick<ListedObject, 'etag' | 'size'>,
): boolean => a.etag === b.etag && a.size === b.size;

/** S3 sends keys URL-encoded when asked (XML cannot carry every character), with `+` for a space. */
export const decodeListedKey = (encoded: string): string => decodeURIComponent(encoded.replaceAll('+', ' '));

export const bareEtag = (etag: string): string => etag.replaceAll('"', '');
/** As a condition names it: S3 takes a bare one for the same, servers of other makers for another. */
export const quotedEtag = (etag: string): string => `"${etag}"`;

/** An upload in parts has an ETag of the form `<md5 of md5s>-<parts>`. */
export const partsOfEtag = (etag: string): number | undefined => {
  const parts = /^[0-9a-f]{32}-(\d+)$/.exec(etag)?.[1];
  return parts === undefined ? undefined : Number(parts);
};
