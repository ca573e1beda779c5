import type { Context } from 'aws-lambda';
import { COLLECTIONS } from '../../contracts/collections';
import { readEnvironment } from '../../contracts/environment';
import { collectionQueueUrls } from '../../contracts/queues';
import { createSqsClient, createTableClient } from '../shared/clients';
import { createDoorbellSender } from '../shared/doorbell';
import { createTelemetry, messageOf } from '../shared/logging';
import { type Reconciliation, reconcile } from './reconcile';

const name = 'reconcile-runs';
const environment = readEnvironment(name);
const telemetry = createTelemetry(name);
const props = {
  table: { client: createTableClient(), name: environment.COMPACTION_RUNS_TABLE },
  send: createDoorbellSender(createSqsClient(), collectionQueueUrls(environment), name),
  after: environment.RECONCILE_AFTER_SECONDS,
  checkpointAfter: environment.CHECKPOINT_MINUTES * 60,
  telemetry,
};

/** Runs on a schedule. Trouble in one collection does not keep the other from its round. */
export async function handler(_event: unknown, context: Context): Promise<Reconciliation[]> {
  telemetry.logger.addContext(context);
  const now = new Date();
  const rounds: Reconciliation[] = [];
  const problems: string[] = [];
  for (const collection of COLLECTIONS) {
    try {
      // A retry of an invocation has the same request id.
      rounds.push(await reconcile(collection, context.awsRequestId, now, props));
    } catch (error) {
      telemetry.logger.error('A collection could not be reconciled', {
        collection,
        reason: messageOf(error),
      });
      problems.push(`${collection}: ${messageOf(error)}`);
    }
  }
  if (problems.length > 0) throw new Error(`Reconciliation met problems. ${problems.join(' ')}`);
  return rounds;
}
