import { UnreadableInput } from '../shared/quarantine';

/** Receipts that one file may hold: an image shows a handful, and one invocation writes the rows of all of them. */
const MOST_RECEIPTS = 100;

/** @throws {UnreadableInput} when a file holds more receipts, or pages, than are read from one. */
export function refuseTooMany(receipts: number): void {
  if (receipts <= MOST_RECEIPTS) return;
  throw new UnreadableInput(
    `The OCR file holds ${receipts} receipts; at most ${MOST_RECEIPTS} are read from one. Drop each under a key of its own.`,
  );
}
