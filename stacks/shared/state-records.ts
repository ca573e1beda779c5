import { Construct } from 'constructs';
import { hasFileSystem } from '../config-schema';
import { bucketName, runTableName } from '../names';
import type { Deployment } from './deployment';
import { StateRecord } from './state-record';

/** What EFS encrypts with when it is told of no key. */
const SERVICE_KEY = "the service's own key";
const OWN_KEY = "the stack's own key";

/**
 * What of the configuration a state cannot change: whose it is, and what of its data would have to be replaced. An
 * ephemeral environment may replace its data.
 */
export class StateRecords extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly deployment: Deployment,
  ) {
    super(scope, id);
    this.environment();
    this.bucket();
    if (deployment.config.adopt.table?.as !== 'data-source') this.runTable();
    if (hasFileSystem(deployment.config)) this.fileSystem();
  }

  private environment(): void {
    const { accountId, config, region } = this.deployment;
    const value = `${config.prefix} in ${region}, account ${accountId}`;
    new StateRecord(this, 'environment', {
      name: 'environment',
      mayChange: false,
      value,
      refusal: `This state is of \${self.output}, and the configuration and the credentials are of ${value}. Set ENVIRONMENT and the credentials to those of the state, or give config/${config.environment}.json a backend of its own. A pipeline moves to another account or region as a new environment, by migrate-buckets.`,
    });
  }

  private bucket(): void {
    const name = bucketName(this.deployment.config, this.deployment.accountId);
    new StateRecord(this, 'bucket-name', {
      name: 'bucket_name',
      mayChange: this.deployment.ephemeral,
      value: name,
      refusal: `The bucket of this state is \${self.output}, and the configuration names ${name}, which would replace it. Name it again, as bucketName or adopt.bucket.name as it was. Data moves to another bucket with a new environment, by migrate-buckets.`,
    });
  }

  private runTable(): void {
    const name = runTableName(this.deployment.config);
    new StateRecord(this, 'run-table-name', {
      name: 'run_table_name',
      mayChange: this.deployment.ephemeral,
      value: name,
      refusal: `The run table of this state is \${self.output}, and the configuration names ${name}, which would replace it. Set adopt.table as it was, or make a new environment for the other table.`,
    });
  }

  private fileSystem(): void {
    const { encryption } = this.deployment.config;
    const value = encryption.type === 'sse-s3' ? SERVICE_KEY : (encryption.keyArn ?? OWN_KEY);
    new StateRecord(this, 'file-system-key', {
      name: 'file_system_key',
      mayChange: this.deployment.ephemeral,
      value,
      // Told of no key, EFS keeps the one that it has.
      refusal:
        value === SERVICE_KEY
          ? undefined
          : `The file system of this state is encrypted with \${self.output}, and the configuration says ${value}. EFS cannot change that. Set chroma.cache to "none" and deploy, which keeps the file system in the account but no longer manages it; then set it to "efs" again, and deploy: that makes a new one, and the checkpoints are in S3.`,
    });
  }
}
