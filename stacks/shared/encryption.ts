import { KmsAlias } from '@cdktf/provider-aws/lib/kms-alias';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { Construct } from 'constructs';
import { formerKeyArns, keyArns } from '../key-arns';
import type { Deployment } from './deployment';
import { policyDocument, type Statement } from './policy-document';

interface EncryptionProps {
  readonly deployment: Deployment;
}

/** How everything at rest is encrypted: by the service's own key, or by one customer key for all of it. */
export class Encryption extends Construct {
  /** The customer key of data, queues and logs; undefined when each service uses its own key. */
  readonly keyArn: string | undefined;
  /**
   * The key of the alarm topic. Always a customer key: CloudWatch cannot publish to a topic under the
   * service's own key, so its alarms would be lost without a word.
   */
  readonly topicKeyArn: string;
  private readonly formerKeyArns: readonly string[];

  constructor(scope: Construct, id: string, { deployment }: EncryptionProps) {
    super(scope, id);
    const { encryption } = deployment.config;
    const given = keyArns(deployment.config)['encryption.keyArn'];
    const keyArn = given ?? this.createKey(deployment, encryption.type === 'kms');
    this.topicKeyArn = keyArn;
    this.formerKeyArns = formerKeyArns(deployment.config);
    this.keyArn = encryption.type === 'kms' ? keyArn : undefined;
  }

  /** What a function may do with the customer key, if there is one. */
  use(): Statement[] {
    return this.allow(['kms:Decrypt', 'kms:GenerateDataKey']);
  }

  /** What a function may do that only takes messages. */
  read(): Statement[] {
    return this.allow(['kms:Decrypt']);
  }

  private allow(actions: readonly string[]): Statement[] {
    const statements: Statement[] = [];
    if (this.keyArn !== undefined) {
      statements.push({ Sid: 'UseTheKey', Effect: 'Allow', Action: actions, Resource: this.keyArn });
    }
    if (this.formerKeyArns.length > 0) {
      const Resource = this.formerKeyArns;
      statements.push({ Sid: 'ReadUnderFormerKeys', Effect: 'Allow', Action: 'kms:Decrypt', Resource });
    }
    return statements;
  }

  private createKey(deployment: Deployment, forData: boolean): string {
    const key = new KmsKey(this, 'key', {
      description: `${deployment.physicalName('data')}: ${forData ? 'everything at rest' : 'the alarm topic'}`,
      enableKeyRotation: true,
      deletionWindowInDays: deployment.ephemeral ? 7 : 30,
      policy: policyDocument(keyPolicy(deployment, forData)),
      lifecycle: deployment.statefulLifecycle,
    });
    key.overrideLogicalId('encryption');
    new KmsAlias(this, 'alias', {
      name: `alias/${deployment.physicalName(forData ? 'data' : 'alarms')}`,
      targetKeyId: key.keyId,
    });
    return key.arn;
  }
}

function keyPolicy(deployment: Deployment, forData: boolean): Statement[] {
  const ours = { StringEquals: { 'aws:SourceAccount': deployment.accountId } };
  const service = (name: string, Condition: Statement['Condition']): Statement => ({
    Sid: `Allow${name.split('.')[0]}`,
    Effect: 'Allow',
    Principal: { Service: name },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition,
  });
  return [
    {
      // In a key's own policy "*" is this key. Without the account's root nobody could ever correct the policy.
      Sid: 'AccountDecidesByIam',
      Effect: 'Allow',
      Principal: { AWS: `arn:${deployment.partition}:iam::${deployment.accountId}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
    service('cloudwatch.amazonaws.com', ours),
    ...(forData
      ? [
          service('s3.amazonaws.com', ours),
          {
            ...service(`logs.${deployment.region}.amazonaws.com`, {
              ArnLike: {
                'kms:EncryptionContext:aws:logs:arn': deployment.arn('logs', 'log-group:*'),
              },
            }),
            Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
          },
        ]
      : []),
  ];
}
