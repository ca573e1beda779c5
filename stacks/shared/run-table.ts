import { DataAwsDynamodbTable } from '@cdktf/provider-aws/lib/data-aws-dynamodb-table';
import { DynamodbTable } from '@cdktf/provider-aws/lib/dynamodb-table';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { pendingAttribute, pendingIndex } from '../../contracts/compaction-run';
import type { PipelineConfig } from '../config';
import { runTableName } from '../names';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';

interface RunTableProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
}

type AdoptedTable = NonNullable<PipelineConfig['adopt']['table']>;

/** The run table: runs, and each collection's pointer with its lease. Ours, or an existing one. */
export class RunTable extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly streamArn: string;

  constructor(scope: Construct, id: string, props: RunTableProps) {
    super(scope, id);
    const adopted = props.deployment.config.adopt.table;
    const table = adopted?.as === 'data-source' ? this.existing(adopted.name) : this.managed(props, adopted);
    this.name = table.name;
    this.arn = table.arn;
    this.streamArn = table.streamArn;
  }

  /** The sparse indexes of unfinished runs. */
  get indexArns(): string[] {
    return COLLECTIONS.map((collection) => `${this.arn}/index/${pendingIndex(collection)}`);
  }

  private managed(
    { deployment, encryption }: RunTableProps,
    adopted: Extract<AdoptedTable, { as: 'import' }> | undefined,
  ) {
    const keep = adopted?.indexes ?? [];
    const attributes = new Map<string, string>([
      ['PK', 'S'],
      ['SK', 'S'],
      ['created_at', 'S'],
      ...COLLECTIONS.map((collection): [string, string] => [pendingAttribute(collection), 'S']),
      ...keep
        .flatMap(({ hashKey, rangeKey }) => (rangeKey === undefined ? [hashKey] : [hashKey, rangeKey]))
        .map(({ name, type }): [string, string] => [name, type]),
    ]);
    const table = new DynamodbTable(this, 'table', {
      name: runTableName(deployment.config),
      billingMode: 'PAY_PER_REQUEST',
      hashKey: 'PK',
      rangeKey: 'SK',
      attribute: [...attributes].map(([name, type]) => ({ name, type })),
      globalSecondaryIndex: [
        ...COLLECTIONS.map((collection) => ({
          name: pendingIndex(collection),
          hashKey: pendingAttribute(collection),
          rangeKey: 'created_at',
          projectionType: 'ALL',
        })),
        ...keep.map(({ name, hashKey, rangeKey, projection }) => ({
          name,
          hashKey: hashKey.name,
          rangeKey: rangeKey?.name,
          projectionType: projection,
        })),
      ],
      streamEnabled: true,
      streamViewType: adopted?.streamViewType ?? 'NEW_AND_OLD_IMAGES',
      pointInTimeRecovery: { enabled: true },
      deletionProtectionEnabled: !deployment.ephemeral,
      serverSideEncryption:
        encryption.keyArn === undefined ? undefined : { enabled: true, kmsKeyArn: encryption.keyArn },
      lifecycle: deployment.statefulLifecycle,
    });
    table.overrideLogicalId('compaction_runs');
    if (adopted !== undefined) {
      table.importFrom(adopted.name);
      // How an existing table is paid for, and its own time-to-live, stay its owner's choice.
      table.addOverride('lifecycle.ignore_changes', [
        'billing_mode',
        'read_capacity',
        'write_capacity',
        'ttl',
        'table_class',
      ]);
    }
    return table;
  }

  private existing(name: string) {
    const table = new DataAwsDynamodbTable(this, 'existing', { name });
    table.overrideLogicalId('compaction_runs');
    const indexes = COLLECTIONS.map(pendingIndex);
    table.addOverride('lifecycle', {
      postcondition: [
        {
          condition: `\${self.stream_enabled}`,
          error_message: `The adopted table ${name} has no stream. Enable one with new images (NEW_IMAGE or NEW_AND_OLD_IMAGES).`,
        },
        {
          condition: `\${length(setsubtract(${JSON.stringify(indexes)}, self.global_secondary_index[*].name)) == 0}`,
          error_message: `The adopted table ${name} lacks an index of ${indexes.join(', ')}. Add them, or set adopt.table.as to "import".`,
        },
      ],
    });
    return table;
  }
}
