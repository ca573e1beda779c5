import type { S3Client } from '@aws-sdk/client-s3';
import type { ListedObject } from '../listing/listed-object';
import type { Pair } from '../listing/pair';
import { whyNotSuperseded } from '../snapshots/superseded-pointer';
import { type Evaluation, listedLevel, pointedAt, type Sides } from './evaluate-object';

/**
 * How well one object of a source whose retirement has begun is proven: by what was listed and journaled before, as
 * nothing of the source can be read any more. A pointer that the pipeline moved on is looked at, in the destination.
 */
export async function evaluateRetired(
  s3: S3Client,
  sides: Sides,
  { destination: present }: Pair,
  object: ListedObject,
  signal: AbortSignal,
): Promise<Evaluation> {
  const level = listedLevel(sides, object, present);
  const older = pointedAt(sides, present);
  if (present === undefined || older === undefined || present.etag === object.etag) return { level };
  const why = await whyNotSuperseded(s3, older, { bucket: sides.destination, object: present }, signal);
  return why === undefined ? { level: 'P3' } : { level: 'P0', why };
}
