import type { WarningTelemetry } from '../shared/logging';
import type { SeenObject } from '../shared/look-at-object';

/** Says that not the object of an event counts, but one whose key spells the image's id otherwise. */
export function tellOfOtherSpelling(
  announced: string,
  { key: counts }: SeenObject,
  { logger }: WarningTelemetry,
): void {
  if (counts === announced) return;
  logger.warn(
    'What counts of the receipt is the object under the other spelling of its image id, which was written later or is the only one left. Use one spelling',
    { announced, counts },
  );
}
