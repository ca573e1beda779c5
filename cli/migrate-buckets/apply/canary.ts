import { isDecoy } from '../../../contracts/bucket-layout';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { type CopyEngine, CopyError } from '../engine/engine';
import type { ListedObject } from '../listing/listed-object';
import { isArchived, isPointerKey } from '../plan-files/manifest-entry';
import { sameBytes } from '../verification/same-bytes';
import { copyRequest, listedPairs, type PassContext } from './copy-pass';

/** 16 MiB: a canary that takes minutes warns of nothing. */
const CANARY_AT_MOST = 16 * 1024 ** 2;

/**
 * Copies one object, the first small one that the destination lacks, with the permissions that the others may
 * need: its tags are read and, where it has some, written once more; an upload in parts is begun and aborted if
 * the plan will need one; and the bytes that arrived are compared with those that were to be copied. Large copies
 * used to fail late for lack of a tagging permission.
 *
 * @returns the key that was copied, or undefined when there is nothing to copy.
 */
export async function sendCanary(
  engine: CopyEngine,
  context: PassContext,
  needsParts: boolean,
): Promise<string | undefined> {
  const { journal, placement } = context;
  for await (const { key, source: object, destination: present } of listedPairs(context)) {
    if (object === undefined || present !== undefined || isDecoy(object) || isPointerKey(key)) continue;
    if (object.size > CANARY_AT_MOST || placement.isTooLong(key)) continue;
    try {
      const request = { ...copyRequest(context, object), expected: 'absent' };
      await journal.add({ kind: 'intent', key, source: object.etag });
      const { etag } = await engine.probe(request, needsParts);
      if (etag !== object.etag)
        await journal.add({ kind: 'copied', key, source: object.etag, destination: etag });
      // A copy has the class of its original: what is archived again cannot be read.
      if (!isArchived({ storage_class: object.storageClass }))
        await refuseOtherBytes(context, object, { ...object, key: request.key, etag });
      return key;
    } catch (error) {
      // A source that changes under the canary is not a missing permission: the next object will do.
      if (error instanceof CopyError && error.reason !== 'failed') continue;
      if (!(error instanceof CopyError) && !(error instanceof UserError)) throw error;
      throw new UserError(`The canary failed, so nothing else was copied: ${error.message}`, EXIT.error);
    }
  }
  return undefined;
}

/** A server that answers a copy with success, and stores something else, would do so with every object. */
async function refuseOtherBytes(
  { aws: { s3 }, source, destination, signal }: PassContext,
  object: ListedObject,
  copy: ListedObject,
): Promise<void> {
  const from = { bucket: object.bucket ?? source, object };
  if (await sameBytes(s3, from, { bucket: destination, object: copy }, signal)) return;
  throw new UserError(
    `${copy.key} in ${destination} has other bytes than ${object.key} in ${from.bucket}, from which the server says that it copied it. Delete that copy, and do not rely on this server.`,
  );
}
