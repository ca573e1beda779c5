import { z } from 'zod';
import { count } from './plan';

/** Who works on a migration. Written into the lock beside the plan, and into the one at the destination. */
export const lockHolderSchema = z
  .object({
    token: z.string().min(1).describe('of this one run: no two have the same'),
    command: z.string().describe('apply, plan, …'),
    user: z.string(),
    host: z.string(),
    numbering: z.string().describe('what the process number counts in: the boot and the PID namespace'),
    pid: count,
    process_started: z
      .string()
      .describe('as the system tells it: a number that was given again is told apart'),
    plan: z.string().describe('path of the plan on that host'),
    since: z.iso.datetime(),
  })
  .meta({ id: 'lock_holder', description: 'Who works on a migration.' });
export type LockHolder = z.infer<typeof lockHolderSchema>;

/** The lock at the destination. A released one stays, since deleting it would take one permission more. */
export const lockObjectSchema = z.object({
  version: z.literal(1),
  holder: lockHolderSchema,
  released: z.boolean(),
});
export type LockObject = z.infer<typeof lockObjectSchema>;
