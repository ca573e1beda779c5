import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Annotation, annotationSchema } from '../../contracts/annotation';
import { describeIssues } from '../../contracts/ndjson-rows';
import type { SeenObject } from './look-at-object';
import { UnreadableInput } from './quarantine';
import { parseExactly } from './written-numbers';

/** A thousand words with some labels have a few hundred kilobytes. Far larger is something else. Bytes. */
const LARGEST_ANNOTATION = 4 * 1024 * 1024;

/**
 * An annotation from its text, its numbers as they are written there: `1.0` stays a float.
 *
 * @throws {UnreadableInput} with the reason, which names keys and no values.
 */
export function parseAnnotation(text: string): Annotation {
  let value: unknown;
  try {
    // First, since numbers are told from texts by an expression that takes a quadratic time where a text does not end.
    JSON.parse(text);
    value = parseExactly(text);
  } catch {
    throw new UnreadableInput('The annotation is not JSON.');
  }
  const annotation = annotationSchema.safeParse(value);
  if (annotation.success) return annotation.data;
  throw new UnreadableInput(`The annotation cannot be used: ${describeIssues(annotation.error, 3)}.`);
}

/**
 * The text of an annotation that was seen, checked whole.
 *
 * @throws {UnreadableInput} when it is not an annotation.
 * @throws {S3ServiceException} of status 412 or 404 when the object is no longer what was seen.
 */
export async function readAnnotation(
  s3: S3Client,
  bucket: string,
  { key, etag, size }: SeenObject,
): Promise<string> {
  if (size > LARGEST_ANNOTATION) {
    throw new UnreadableInput(`The annotation has ${size} bytes; at most ${LARGEST_ANNOTATION} are read.`);
  }
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag }));
  const text = decoded((await Body?.transformToByteArray()) ?? new Uint8Array());
  parseAnnotation(text);
  return text;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableInput('The annotation is not text in UTF-8.');
  }
}
