/** The `x-amz-copy-source` of an object, each part of its key percent-encoded. */
export const copySource = (bucket: string, key: string): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
