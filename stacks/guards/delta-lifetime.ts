import { COVERED_DELTA_TAG } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { deadLetterName } from '../../contracts/queues';
import { terraformName } from '../names';
import { at, block, blocks, type Json } from '../synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';
import { retentionOf } from './consumers';
import { type Finding, type Guard, refuse } from './guard';

const DAY_SECONDS = 86_400;

/**
 * Nothing in the bucket expires by age but a delta that a snapshot covers, and that only when no message can
 * ask for it any more. Deltas that went after 7 days once left redriven messages with nothing to merge.
 */
export const deltaLifetime: Guard = (stack) => {
  const least = longestRetention(stack) / DAY_SECONDS;
  return [
    ...refuse(
      stack.resources('aws_s3_bucket'),
      'declares lifecycle rules of its own.',
      'Declare them in stacks/shared/chroma-bucket.ts, in the one lifecycle configuration.',
      (attributes) => 'lifecycle_rule' in attributes,
    ),
    ...stack.resources('aws_s3_bucket_lifecycle_configuration').flatMap((configuration) =>
      blocks(configuration.attributes.rule)
        .filter((rule) => rule.status !== 'Disabled')
        .flatMap((rule) => early(rule, least, configuration)),
    ),
  ];
};

/** What a rule expires too early. */
function early(rule: Json, least: number, { where }: SynthesizedBlock): Finding[] {
  const ages = blocks(rule.expiration).filter(({ days, date }) => days !== undefined || date !== undefined);
  const named = `The lifecycle rule "${String(rule.id)}"`;
  return ages.flatMap(({ days }) => {
    const { key, value } = block(at(rule, 'filter.tag'));
    const { [COVERED_DELTA_TAG.Key]: among } = block(at(rule, 'filter.and.tags'));
    if ((key === COVERED_DELTA_TAG.Key ? value : among) !== COVERED_DELTA_TAG.Value) {
      return [
        {
          where,
          what: `${named} expires objects by age alone: deltas would go before a snapshot covers them, or snapshots themselves.`,
          remedy: `Expire only what carries the tag ${COVERED_DELTA_TAG.Key}=${COVERED_DELTA_TAG.Value}.`,
        },
      ];
    }
    if (Number(days) > least) return [];
    return [
      {
        where,
        what: `${named} expires deltas after ${String(days)} days, but a message may ask for one for ${least} (queue, then dead letter queue).`,
        remedy: `Raise retention.coveredDeltaDays above ${least}.`,
      },
    ];
  });
}

/** The longest that a message of a FIFO queue can live: in the queue, then among its dead letters. */
function longestRetention(stack: Synthesized): number {
  const kept = (name: string) =>
    Math.max(
      0,
      ...stack
        .resources('aws_sqs_queue')
        .filter((queue) => queue.name === terraformName(name))
        .map(retentionOf),
    );
  return Math.max(...COLLECTIONS.map((collection) => kept(collection) + kept(deadLetterName(collection))));
}
