import { TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import { fromEntries } from '../contracts/from-entries';
import { FUNCTION_NAMES, type FunctionPackages } from '../contracts/functions';
import { QUEUE_NAMES } from '../contracts/queues';
import type { PipelineConfig } from './config';
import { hasFileSystem } from './config-schema';
import { guardStack } from './guards';
import { terraformName } from './names';
import { warnNewAccounts } from './new-account';
import { Alarms } from './observability/alarms';
import { Dashboard } from './observability/dashboard';
import { Outputs } from './outputs';
import { CollectionConsumers } from './pipeline/collection-consumers';
import { Compaction, type MountedPlacement } from './pipeline/compaction';
import { Embedding } from './pipeline/embedding';
import { variables } from './pipeline/environment';
import { OcrIngest } from './pipeline/ocr-ingest';
import type { PipelineContext } from './pipeline/pipeline-function';
import { Reconciler } from './pipeline/reconciler';
import { StreamProcessor } from './pipeline/stream-processor';
import { ChromaBucket } from './shared/chroma-bucket';
import { Deployment } from './shared/deployment';
import { Encryption } from './shared/encryption';
import { FileSystem } from './shared/file-system';
import { GatewayEndpoints } from './shared/gateway-endpoints';
import { keepWhatIsLeft } from './shared/kept';
import { Network } from './shared/network';
import { Queues } from './shared/queues';
import { RunTable } from './shared/run-table';
import { StateRecords } from './shared/state-records';
import { configureTerraform } from './terraform-settings';

export interface PipelineStackProps {
  readonly config: PipelineConfig;
  /** One zip for each of the five functions. */
  readonly packages: FunctionPackages;
}

/**
 * The whole pipeline, in one stack. What is shared is made here, once, and handed to everything that uses
 * it; no construct makes one of its own when none was given.
 *
 * @throws {Error} when a package is missing.
 */
export class PipelineStack extends TerraformStack {
  /** What every function is handed. */
  readonly context: PipelineContext;

  constructor(scope: Construct, id: string, { config, packages }: PipelineStackProps) {
    super(scope, id);
    configureTerraform(this, config);
    guardStack(this, config);

    const deployment = new Deployment(this, 'deployment', config);
    new StateRecords(this, 'state', deployment);
    const encryption = new Encryption(this, 'encryption', { deployment });
    const bucket = new ChromaBucket(this, 'chroma-bucket', { deployment, encryption });
    const queues = new Queues(this, 'queues', { deployment, encryption, bucket });
    const runTable = new RunTable(this, 'run-table', { deployment, encryption });
    const queueUrls = fromEntries(QUEUE_NAMES.map((name) => [name, queues.work[name].queue.url]));
    const shared = { bucket: bucket.name, runTable: runTable.name, queueUrls };
    const mounted = hasFileSystem(config)
      ? this.mounted(deployment, encryption, bucket, runTable)
      : undefined;

    this.context = {
      deployment,
      encryption,
      packages,
      bucket,
      queues,
      runTable,
      variables: variables(config, shared),
    };
    new OcrIngest(this, 'ocr-ingest', this.context);
    new Embedding(this, 'embedding', this.context);
    new StreamProcessor(this, 'stream', this.context);
    const compaction = new Compaction(this, 'compaction', { ...this.context, mounted });
    new CollectionConsumers(this, 'consumers', {
      deployment,
      encryption,
      queues,
      compaction: compaction.function,
    });
    new Reconciler(this, 'reconciler', this.context);

    warnNewAccounts(this);

    const alarms = new Alarms(this, 'alarms', { deployment, encryption, queues });
    const dashboard = new Dashboard(this, 'dashboard', { deployment, queues });
    new Outputs(this, 'outputs', {
      chromadb_bucket_name: bucket.name,
      compaction_runs_table_name: runTable.name,
      ...named('queue_url', Object.values(queues.work)),
      ...named('url', queues.deadLetters),
      ...Object.fromEntries(
        FUNCTION_NAMES.map((name) => [`${terraformName(name)}_function_name`, deployment.functionName(name)]),
      ),
      collection_consumer:
        typeof config.consumer === 'object' ? config.consumer.legacyFunction : config.consumer,
      alarm_topic_arn: alarms.topic.arn,
      dashboard_name: dashboard.name,
    });
    if (!deployment.ephemeral) keepWhatIsLeft(this);
  }

  private mounted(
    deployment: Deployment,
    encryption: Encryption,
    bucket: ChromaBucket,
    runTable: RunTable,
  ): MountedPlacement {
    const network = new Network(this, 'network', { deployment, encryption });
    const endpoints = new GatewayEndpoints(this, 'endpoints', { deployment, network, bucket, runTable });
    const fileSystem = new FileSystem(this, 'file-system', { deployment, encryption, network });
    return { network, endpoints, fileSystem };
  }
}

/** `{queue}_{suffix}`: the URL of each queue. */
const named = (
  suffix: string,
  queues: readonly { readonly name: string; readonly queue: { readonly url: string } }[],
) => Object.fromEntries(queues.map(({ name, queue }) => [`${name}_${suffix}`, queue.url]));
