import { S3Error } from './s3-error';

const LINE_END = '\r\n';

export interface DecodedBody {
  readonly data: Buffer;
  /** Lower-case names. A checksum that is only known at the end comes here. */
  readonly trailers: Readonly<Record<string, string>>;
}

/**
 * Takes apart the `aws-chunked` encoding, by which SDKs send a body whose checksum they compute on the way:
 * `{hex length}[;chunk-signature=…]\r\n{bytes}\r\n … 0\r\n{trailers}\r\n`. Signatures are not checked: this
 * server knows no secrets.
 *
 * @throws {S3Error} IncompleteBody when the framing or the declared length does not hold.
 */
export function decodeAwsChunked(raw: Buffer, declaredLength: string | undefined): DecodedBody {
  const incomplete = () =>
    new S3Error('IncompleteBody', 'The request body terminated unexpectedly: its chunks do not add up.');
  const pieces: Buffer[] = [];
  let position = 0;
  for (;;) {
    const lineEnd = raw.indexOf(LINE_END, position, 'latin1');
    if (lineEnd < 0) throw incomplete();
    const length = Number.parseInt(raw.toString('latin1', position, lineEnd), 16);
    const start = lineEnd + LINE_END.length;
    if (!(length >= 0) || start + length > raw.length) throw incomplete();
    position = start;
    if (length === 0) break;
    pieces.push(raw.subarray(start, start + length));
    position = start + length + LINE_END.length;
  }
  const data = Buffer.concat(pieces);
  if (declaredLength !== undefined && Number(declaredLength) !== data.length) throw incomplete();
  const trailers: Record<string, string> = {};
  for (const line of raw.toString('latin1', position).split(LINE_END)) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { data, trailers };
}
