import { fromByteKey } from './key-order';
import type { S3Request } from './request';
import type { Bucket } from './store';
import { child, childrenNamed, childText, parseXml, urlEncodeKey, type XmlElement } from './xml';

/** One `QueueConfiguration` of a bucket. */
interface QueueRule {
  readonly id: string;
  readonly queueArn: string;
  /** `s3:ObjectCreated:*` or a full name. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

/** What changed, for the event's `object`. */
export interface ObjectChange {
  readonly versionId: string | undefined;
  readonly size?: number;
  readonly etag?: string;
}

export interface S3EventMessage {
  readonly queueArn: string;
  readonly body: string;
}

/** @param root - a bucket's `NotificationConfiguration`. */
export function queueRules(root: XmlElement): QueueRule[] {
  return childrenNamed(root, 'QueueConfiguration').map((element) => {
    const filter = child(element, 'Filter');
    const s3Key = filter && child(filter, 'S3Key');
    const rules = s3Key === undefined ? [] : childrenNamed(s3Key, 'FilterRule');
    const value = (name: string) =>
      rules
        .filter((rule) => childText(rule, 'Name')?.toLowerCase() === name)
        .map((rule) => childText(rule, 'Value') ?? '')
        .at(0) ?? '';
    return {
      id: childText(element, 'Id') ?? 'notification',
      queueArn: childText(element, 'Queue') ?? '',
      events: childrenNamed(element, 'Event').map(({ text }) => text),
      prefix: value('prefix'),
      suffix: value('suffix'),
    };
  });
}

let sequence = 0;

/** The messages that a change sends, one per rule that it matches, in the form that Lambda and SQS consumers get. */
export function eventMessages(
  request: S3Request,
  bucket: Bucket,
  eventName: string,
  byteKey: string,
  change: ObjectChange,
): S3EventMessage[] {
  const stored = bucket.configurations.get('notification');
  const root = stored && parseXml(stored.toString('utf8'));
  if (root === undefined) return [];
  const key = fromByteKey(byteKey);
  const matching = queueRules(root).filter(
    (rule) =>
      key.startsWith(rule.prefix) &&
      key.endsWith(rule.suffix) &&
      rule.events.some(
        (event) =>
          event === `s3:${eventName}` ||
          (event.endsWith('*') && `s3:${eventName}`.startsWith(event.slice(0, -1))),
      ),
  );
  return matching.map((rule) => {
    sequence += 1;
    const record = {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: bucket.region,
      eventTime: new Date().toISOString(),
      eventName,
      userIdentity: { principalId: `AWS:${request.caller.principal?.accessKeyId ?? 'ANONYMOUS'}` },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { 'x-amz-request-id': request.requestId, 'x-amz-id-2': request.requestId },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: rule.id,
        bucket: {
          name: bucket.name,
          ownerIdentity: { principalId: bucket.owner },
          arn: `arn:aws:s3:::${bucket.name}`,
        },
        object: {
          key: urlEncodeKey(key),
          ...(change.size === undefined ? {} : { size: change.size }),
          ...(change.etag === undefined ? {} : { eTag: change.etag }),
          ...(change.versionId === undefined ? {} : { versionId: change.versionId }),
          sequencer: sequence.toString(16).toUpperCase().padStart(18, '0'),
        },
      },
    };
    return { queueArn: rule.queueArn, body: JSON.stringify({ Records: [record] }) };
  });
}
