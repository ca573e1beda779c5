import { createLambdaRuntime, type LambdaRuntime, type LocalAws } from 'local-aws';
import type { FunctionName } from '../../contracts/functions';
import { QUEUE_NAMES, QUEUES } from '../../contracts/queues';
import type { PipelineConfig } from '../../stacks/config';
import { physicalName } from '../../stacks/names';
import type { Variables } from '../../stacks/pipeline/environment';
import { functionEnvironment } from './environment';
import type { Resources } from './resources';

export interface FunctionsProps {
  readonly aws: LocalAws;
  readonly config: PipelineConfig;
  readonly names: readonly FunctionName[];
  readonly bundles: ReadonlyMap<FunctionName, string>;
  /** What each environment variable stands for, once for all functions. */
  readonly variables: Partial<Variables>;
  readonly temporaryDirectory: string;
  readonly onLine: (name: FunctionName, line: string) => void;
}

/**
 * The functions under the stack's names, with timeouts and memory by configuration.
 *
 * @throws {Error} when a function has no bundle.
 */
export function createFunctions(props: FunctionsProps): ReadonlyMap<FunctionName, LambdaRuntime> {
  const { aws, config, names, bundles, variables, temporaryDirectory, onLine } = props;
  return new Map(
    names.map((name) => {
      const bundle = bundles.get(name);
      if (bundle === undefined)
        throw new Error(`No bundle was given for ${name}. Build it, or leave it out.`);
      const runtime = createLambdaRuntime({
        functionName: physicalName(config, name),
        bundle,
        environment: functionEnvironment(name, variables, aws.environment),
        timeoutSeconds: config.functions.timeout[name],
        memoryMegabytes: config.functions.memory[name],
        temporaryDirectory,
        onLine: (line) => onLine(name, line),
      });
      return [name, runtime] as const;
    }),
  );
}

/** Makes Lambda's own lists show the functions and their mappings, so that migrate-buckets finds them. */
export async function declareFunctions(
  { aws, config, names, variables }: FunctionsProps,
  { queues, streamArn }: Resources,
): Promise<void> {
  const consumed = [
    ...QUEUE_NAMES.map((queue) => ({ eventSourceArn: queues[queue].arn, name: QUEUES[queue].consumer })),
    { eventSourceArn: streamArn, name: 'stream-processor' as const },
  ];
  await aws.declare({
    functions: names.map((name) => ({
      name: physicalName(config, name),
      environment: functionEnvironment(name, variables, {}),
    })),
    mappings: consumed
      .filter(({ name }) => names.includes(name))
      .map(({ eventSourceArn, name }) => ({ eventSourceArn, functionName: physicalName(config, name) })),
  });
}
