import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic';
import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription';
import { Construct } from 'constructs';
import type { Deployment } from '../shared/deployment';
import type { Encryption } from '../shared/encryption';
import { denyWithoutTls, policyDocument } from '../shared/policy-document';

interface AlarmTopicProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
}

/** Where every alarm goes, encrypted, and from there to the e-mail address of the configuration. */
export class AlarmTopic extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, encryption }: AlarmTopicProps) {
    super(scope, id);
    const topic = new SnsTopic(this, 'topic', {
      name: deployment.physicalName('alarms'),
      kmsMasterKeyId: encryption.topicKeyArn,
    });
    topic.overrideLogicalId('alarms');
    this.arn = topic.arn;
    new SnsTopicPolicy(this, 'policy', {
      arn: topic.arn,
      policy: policyDocument([
        denyWithoutTls('sns:Publish', topic.arn),
        {
          Sid: 'AllowAlarms',
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: topic.arn,
          Condition: {
            StringEquals: { 'aws:SourceAccount': deployment.accountId },
            ArnLike: { 'aws:SourceArn': deployment.arn('cloudwatch', 'alarm:*') },
          },
        },
      ]),
    });
    const { email } = deployment.config.alarms;
    if (email !== undefined) {
      new SnsTopicSubscription(this, 'email', { topicArn: topic.arn, protocol: 'email', endpoint: email });
    }
  }
}
