import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { ZodError } from 'zod';
import type { Collection } from '../../contracts/collections';
import type { FunctionName } from '../../contracts/functions';
import { type METRICS, METRICS_NAMESPACE, metricService } from '../../contracts/metrics';
import { describeIssues } from '../../contracts/ndjson-rows';

/** What a function tells the outside: structured log lines and metrics. Neither ever carries document text. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What is able to say a warning. */
export interface WarningTelemetry {
  readonly logger: Pick<Logger, 'warn'>;
}

/** One per function, made at its cold start. The log level comes from `POWERTOOLS_LOG_LEVEL`. */
export const createTelemetry = (serviceName: FunctionName): Telemetry => ({
  logger: new Logger({ serviceName }),
  metrics: new Metrics({ namespace: METRICS_NAMESPACE, serviceName: metricService(serviceName) }),
});

/** The sentence of whatever was thrown; of a failed schema, its issues without the values. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof ZodError) return describeIssues(thrown);
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Counts a metric once for each named collection, and publishes it with the collection as its dimension. */
export function countPerCollection(
  { metrics }: Telemetry,
  metric: (typeof METRICS)[keyof typeof METRICS],
  collections: readonly Collection[],
): void {
  for (const collection of new Set(collections)) {
    metrics.addDimension('collection', collection);
    metrics.addMetric(metric, 'Count', collections.filter((name) => name === collection).length);
    metrics.publishStoredMetrics();
  }
}
