import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import type { CliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

const none = (error: Error) => {
  if (error.name.startsWith('NoSuch')) return undefined;
  throw error;
};

/** Changes back to back may be refused once. */
const again = (change: () => Promise<unknown>) =>
  change().catch((error: Error) => (error.name === 'OperationAborted' ? change() : Promise.reject(error)));

/** A migration whose source has a policy and a lifecycle of its own, and what reads and writes them. */
export async function configuredSetting(harness: CliHarness) {
  const setting = await migrationSetting(harness, numbered(2));
  const { source: Bucket } = setting;
  const statement = (Sid: string) => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutBucketCORS',
    Resource: `arn:aws:s3:::${Bucket}`,
  });
  const rule = (ID: string, Status: 'Enabled' | 'Disabled' = 'Enabled'): LifecycleRule => ({
    ID,
    Status,
    Filter: { Prefix: `${ID}/` },
    Expiration: { Days: 9 },
  });
  const policyText = async () =>
    (await harness.s3.send(new GetBucketPolicyCommand({ Bucket })).catch(none))?.Policy;
  const rules = async () =>
    (await harness.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).catch(none))?.Rules;
  const putPolicy = (Policy: string) =>
    again(() => harness.s3.send(new PutBucketPolicyCommand({ Bucket, Policy })));
  const putRules = (Rules: LifecycleRule[]) =>
    again(() =>
      harness.s3.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
      ),
    );
  const before = {
    policy: `{ "Statement" :${JSON.stringify(statement('Mine'))}}`,
    rules: [rule('old'), rule('off', 'Disabled')],
  };
  await putPolicy(before.policy);
  await putRules(before.rules);
  return {
    ...setting,
    before,
    statement,
    rule,
    putPolicy,
    putRules,
    rules,
    policyText,
    configuration: async () => ({ policy: await policyText(), rules: await rules() }),
    statements: async (): Promise<{ Sid: string; Action: unknown }[]> =>
      [JSON.parse((await policyText()) ?? '{"Statement":[]}').Statement].flat(),
    unfreeze: (...more: string[]) => harness.json('unfreeze', setting.plan, ...more),
  };
}
