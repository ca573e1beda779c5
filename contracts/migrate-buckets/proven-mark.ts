import { z } from 'zod';
import { placementSchema } from './plan';

/** Left at the destination when a source begins to be deleted: what was proven there may be the only copy since. */
export const provenMarkSchema = z
  .object({
    version: z.literal(1),
    source: z.string(),
    plan: z.string().describe('path of the plan on the host that retires'),
    plan_digest: z.string(),
    by: z.string().describe('user@host'),
    placement: placementSchema,
    archives: z.array(z.string()).describe('the folders of archive/ that its objects belong to'),
  })
  .meta({ id: 'proven_mark' });
export type ProvenMark = z.infer<typeof provenMarkSchema>;
