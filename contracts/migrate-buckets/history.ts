import { z } from 'zod';
import { eventSchemas, migrationSchema, resultSchemas } from './output';
import { count } from './plan';
import { gateSchema, inventorySchema, retirementSchema } from './retirement';

const endOf = <const Name extends string, Shape extends z.ZodRawShape>(event: Name, shape: Shape) =>
  z.object({ event: z.literal(event), ...shape });

const LINE = { event: true, command: true, exit_code: true } as const;

/** What a command did, and how it ended. */
export const deedSchema = z.discriminatedUnion('event', [
  ...eventSchemas,
  endOf('begun', {}),
  endOf('migrated', { ...migrationSchema.shape, failed: count }),
  endOf('retired', {
    gates: z.array(gateSchema),
    inventory: inventorySchema.nullable(),
    retired: retirementSchema,
  }),
  endOf('rolled-back', resultSchemas.rollback.omit(LINE).shape),
  endOf('freeze-undone', resultSchemas.unfreeze.omit(LINE).shape),
  endOf('certified', { path: z.string(), digest: z.string(), objects: count }),
  endOf('stopped', { message: z.string() }),
]);
export type Deed = z.infer<typeof deedSchema>;

/** One line of what was done by a plan. */
export const historyEntrySchema = z.object({
  at: z.iso.datetime(),
  command: z.string(),
  seconds: z.number().nonnegative().describe('since the entry before, of the same call'),
  deed: deedSchema,
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;
