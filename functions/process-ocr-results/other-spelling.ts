import type { WarningTelemetry } from '../shared/logging';
import type { LatestObject } from '../shared/look-at-object';

/** Says that an image's id is spelled in two ways, and which object counts: not that of an event, or not it alone. */
export function tellOfOtherSpelling(
  announced: string,
  { key: counts, passedOver }: LatestObject,
  { logger }: WarningTelemetry,
): void {
  if (counts === announced && passedOver.length === 0) return;
  logger.warn(
    'An object stands under the other spelling of its image id. The one that was written last counts, and of one second the one in small letters. Use one spelling',
    { announced, counts, passedOver },
  );
}
