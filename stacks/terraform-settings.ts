import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { LocalBackend, S3Backend, type TerraformStack } from 'cdktf';
import type { PipelineConfig } from './config';

/** The AWS provider that has applied this stack, and no other; `.terraform.lock.hcl` has its hashes. */
const AWS_PROVIDER_VERSION = '5.100.0';

/** The AWS provider that first knows the newest runtime. Nobody has applied the stack with it yet. */
const AWS_PROVIDER_VERSIONS_NODE_24 = '>= 6.0.0, < 7.0.0';

/** Terraform's own settings: where the state is kept, and which provider talks to which region. */
export function configureTerraform(stack: TerraformStack, config: PipelineConfig): void {
  const { backend, functions, prefix, region, tags } = config;
  // Always explicit: the default backend writes this machine's absolute path into the JSON.
  if (backend.type === 'local') {
    new LocalBackend(stack, { path: `../../../${prefix}.tfstate` });
  } else {
    new S3Backend(stack, {
      bucket: backend.bucket,
      key: backend.key ?? `${prefix}.tfstate`,
      region: backend.region ?? region,
      encrypt: true,
    }).addOverride('use_lockfile', true);
  }
  new AwsProvider(stack, 'aws', { region, defaultTags: [{ tags }] });
  stack.addOverride(
    'terraform.required_providers.aws.version',
    functions.runtime === 'nodejs24.x' ? AWS_PROVIDER_VERSIONS_NODE_24 : AWS_PROVIDER_VERSION,
  );
  stack.addOverride('terraform.required_version', '>= 1.11.0');
}
