import type { AttributeValue, _Record as StreamRecord } from '@aws-sdk/client-dynamodb-streams';
import type {
  DynamoDBRecord,
  AttributeValue as EventAttributeValue,
  StreamRecord as EventStreamRecord,
} from 'aws-lambda';

/** A stream's record as Lambda's event has it: bytes as base64, the time as seconds since 1970. */
export function streamEventRecord(record: StreamRecord, streamArn: string): DynamoDBRecord {
  const { dynamodb, userIdentity, eventName, ...rest } = record;
  const { Keys, NewImage, OldImage, ApproximateCreationDateTime, ...change } = dynamodb ?? {};
  return {
    ...rest,
    ...(eventName && { eventName }),
    ...(userIdentity && {
      userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId },
    }),
    eventSourceARN: streamArn,
    dynamodb: {
      ...change,
      ApproximateCreationDateTime: Math.floor(Number(ApproximateCreationDateTime) / 1000),
      ...(Keys && { Keys: image(Keys) }),
      ...(NewImage && { NewImage: image(NewImage) }),
      ...(OldImage && { OldImage: image(OldImage) }),
    } as EventStreamRecord,
  };
}

const image = (attributes: Record<string, AttributeValue>): Record<string, EventAttributeValue> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)]));

function attribute(value: AttributeValue): EventAttributeValue {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  if (value.L !== undefined) return { L: value.L.map(attribute) };
  if (value.M !== undefined) return { M: image(value.M) };
  return value as EventAttributeValue;
}
