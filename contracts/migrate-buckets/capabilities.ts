import { z } from 'zod';
import { CAPABILITIES } from './words';

/** One capability in one bucket, as it was found. */
export const checkSchema = z
  .object({
    capability: z.enum(CAPABILITIES),
    bucket: z.string(),
    /**
     * - `proven`: it was tried, and what must be refused was refused;
     * - `missing`: the server does not do it;
     * - `denied`: the caller lacks a permission that the migration needs;
     * - `unchecked`: it could not be tried.
     */
    result: z.enum(['proven', 'missing', 'denied', 'unchecked']),
    evidence: z.string().describe('what was found: one sentence'),
  })
  .meta({ id: 'capability_check' });
export type Check = z.infer<typeof checkSchema>;

const acceptedSchema = z.object({ capability: z.enum(CAPABILITIES), at: z.iso.datetime() });

/** What was found out about the server before anything was copied, and what the operator goes on without. */
export const serverSchema = z
  .object({
    at: z.iso.datetime(),
    checks: z.array(checkSchema),
    accepted_missing: z.array(acceptedSchema).describe('missing, and accepted by name'),
  })
  .meta({ id: 'server' });
export type ServerRecord = z.infer<typeof serverSchema>;
