import { z } from 'zod';
import { LATE_WRITE_SECONDS } from './lease';
import { padded, type ReceiptReference } from './record-id';

/** Receipts that a writer noted before it wrote to them in place, and has not ended well with since. */
export const touchedReceiptsSchema = z.object({
  /** When they were noted. Milliseconds since the epoch. */
  at: z.int().nonnegative(),
  /** Whether a later holder of the lease has merged them again. A late write may come after that all the same. */
  again: z.boolean(),
  /** As of {@link touchedName}. */
  receipts: z.array(z.string().min(1)),
});
export type TouchedReceipts = z.infer<typeof touchedReceiptsSchema>;

/** `{image id}#{receipt id}`, 42 bytes: the pointer's item lists many. */
export const touchedName = ({ imageId, receiptId }: ReceiptReference): string =>
  `${imageId}#${padded(receiptId)}`;

export function touchedReceipt(name: string): ReceiptReference {
  const [imageId = '', receiptId] = name.split('#');
  return { imageId, receiptId: Number(receiptId) };
}

/** Whether no write that was noted then can arrive any more, at a moment in milliseconds since the epoch. */
export const isQuiet = ({ at }: Pick<TouchedReceipts, 'at'>, now: number): boolean =>
  now - at >= LATE_WRITE_SECONDS * 1000;
