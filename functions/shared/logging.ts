import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { FunctionName } from '../../contracts/functions';
import { METRICS_NAMESPACE, metricService } from '../../contracts/metrics';

/** What a function tells the outside: structured log lines and metrics. Neither ever carries document text. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** One per function, made at its cold start. The log level comes from `POWERTOOLS_LOG_LEVEL`. */
export const createTelemetry = (serviceName: FunctionName): Telemetry => ({
  logger: new Logger({ serviceName }),
  metrics: new Metrics({ namespace: METRICS_NAMESPACE, serviceName: metricService(serviceName) }),
});

/** The sentence of whatever was thrown. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
