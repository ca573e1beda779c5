import { z } from 'zod';
import { sha256Schema } from '../sha256';
import { count, snapshotReferenceSchema, tallySchema } from './plan';
import { verificationSchema } from './verification';
import { LEVELS } from './words';

/** Certificates of another version are refused. */
export const CERTIFICATE_VERSION = 1;

/** In the order in which one is taken where S3 tells several. */
export const CHECKSUM_ALGORITHMS = ['SHA256', 'SHA1', 'CRC64NVME', 'CRC32C', 'CRC32'] as const;

/** What S3 itself computed when the object was written. */
const checksumSchema = z.object({
  algorithm: z.enum(CHECKSUM_ALGORITHMS),
  value: z.string().describe('Base64, as S3 tells it'),
  type: z.string().nullable().describe('FULL_OBJECT, or COMPOSITE: of the checksums of its parts'),
});
export type Checksum = z.infer<typeof checksumSchema>;

const certificateHeaderSchema = z.object({
  kind: z.literal('certificate'),
  version: z.literal(CERTIFICATE_VERSION),
  tool: z.string(),
  at: z.iso.datetime().describe('when the verification began'),
  source: z.string(),
  destination: z.string(),
  plan: z.string().nullable().describe('digest of the plan; null when another tool made the copy'),
  deep: z.boolean().describe('whether every byte was read'),
});
export type CertificateHeader = z.infer<typeof certificateHeaderSchema>;

/** One object at the destination, as it was when it was proven. */
const certifiedObjectSchema = z.object({
  kind: z.literal('object'),
  key: z.string().min(1),
  size: count.describe('bytes'),
  etag: z.string().min(1),
  version_id: z.string().nullable().describe('null where the bucket keeps no versions'),
  checksum: checksumSchema.nullable().describe('null where S3 has none'),
  sha256: z.string().nullable().describe('of the bytes, in hexadecimal; null unless they were read (--deep)'),
  level: z.enum(LEVELS),
});
export type CertifiedObject = z.infer<typeof certifiedObjectSchema>;

const certificateSummarySchema = z.object({
  kind: z.literal('summary'),
  objects: count,
  bytes: count,
  levels: z.record(z.enum(LEVELS), count).describe('objects by level'),
  source_digest: z.string().describe('SHA-256 over all versions of the source'),
  snapshots: z.array(snapshotReferenceSchema).describe("what the source's pointers named"),
  fidelity: verificationSchema.shape.fidelity,
  left_out: tallySchema
    .optional()
    .describe("by the plan's filters: of the source, and not certified; absent without"),
});
export type CertificateSummary = z.infer<typeof certificateSummarySchema>;

const certificateSealSchema = z.object({
  kind: z.literal('seal'),
  digest: sha256Schema.describe('SHA-256 over the bytes of all lines before'),
});

/** A certificate is NDJSON: its header, every object in key order, the summary, and the seal as its last line. */
export const certificateLineSchema = z
  .discriminatedUnion('kind', [
    certificateHeaderSchema,
    certifiedObjectSchema,
    certificateSummarySchema,
    certificateSealSchema,
  ])
  .meta({ id: 'certificate_line', description: 'One line of a certificate.' });

/** What a bucket is, beside its certificate. */
export const certificateCheckSchema = z.object({
  bucket: z.string(),
  certificate: z.object({
    path: z.string(),
    digest: z.string(),
    tool: z.string(),
    at: z.iso.datetime(),
    source: z.string(),
    destination: z.string(),
    left_out: tallySchema.optional().describe('of the source, and not certified; absent without filters'),
  }),
  objects: count.describe('certified'),
  bytes: count.describe('certified'),
  same: count.describe('objects that are what was certified'),
  rewritten: count.describe('of the same, those that were written anew with the same content'),
  moved_on: z
    .array(z.object({ key: z.string(), why: z.string() }))
    .describe('pointers that the pipeline moved to a snapshot which was built from the certified one'),
  checksums_compared: count,
  bytes_compared: count.describe('objects whose bytes were read and compared with a certified SHA-256'),
  deep: z.boolean(),
  extra: count.describe('objects that the certificate does not name: they are no difference'),
  problems: z.array(z.object({ key: z.string(), why: z.string() })).describe('the first hundred'),
  problem_count: count,
  proven: z.boolean().describe('whether every certified object is still there'),
});
export type CertificateCheck = z.infer<typeof certificateCheckSchema>;
