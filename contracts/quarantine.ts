import { createHash } from 'node:crypto';
import { z } from 'zod';
import { QUARANTINE_PREFIX } from './bucket-layout';
import { FUNCTION_NAMES } from './functions';

/** Why something lies in quarantine: the JSON object that stands beside it. */
export const quarantineReasonSchema = z.object({
  version: z.literal(1),
  /** A sentence for people, without document text. */
  reason: z.string().min(1),
  quarantined_by: z.enum(FUNCTION_NAMES),
  quarantined_at: z.iso.datetime(),
  /** What it was: the object's key and ETag, or the queue message's id. */
  source: z.union([
    z.object({ bucket: z.string(), key: z.string(), etag: z.string() }),
    z.object({ message_id: z.string() }),
  ]),
});
export type QuarantineReason = z.infer<typeof quarantineReasonSchema>;

/** Where one quarantined thing and its reason lie. */
export interface QuarantineKeys {
  readonly content: string;
  readonly reason: string;
}

const keysBelow = (folder: string): QuarantineKeys => ({
  content: `${QUARANTINE_PREFIX}${folder}/content`,
  reason: `${QUARANTINE_PREFIX}${folder}/reason.json`,
});

/** S3 allows keys of 1,024 bytes; the rest is for the prefix, the ETag and the file's name. */
const LONGEST_KEPT_KEY = 900;
const shortened = (key: string): string =>
  Buffer.byteLength(key) <= LONGEST_KEPT_KEY
    ? key
    : `long-key-${createHash('sha256').update(key).digest('hex')}`;

/** The ETag stands in the key, so that a redelivery writes the same place and a newer bad file another one. */
export const quarantinedObjectKeys = (key: string, etag: string): QuarantineKeys =>
  keysBelow(`${shortened(key)}/${etag.replaceAll('"', '')}`);

export const quarantinedMessageKeys = (functionName: string, messageId: string): QuarantineKeys =>
  keysBelow(`messages/${functionName}/${messageId}`);
