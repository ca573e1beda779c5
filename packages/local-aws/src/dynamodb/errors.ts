const NAMESPACE = 'com.amazonaws.dynamodb.v20120810';

/** An answer of DynamoDB's that is an error: its type, its sentence, and what else the body carries. */
export class DynamoDbError extends Error {
  constructor(
    readonly body: Readonly<Record<string, unknown>>,
    readonly status = 400,
  ) {
    super(String(body.message ?? body.Message ?? body.__type));
  }

  /** E.g. `ConditionalCheckFailedException`. */
  get type(): string {
    return String(this.body.__type).replace(/^.*#/, '');
  }
}

export const dynamoDbError = (type: string, message: string, more: object = {}): DynamoDbError =>
  new DynamoDbError({ __type: `${NAMESPACE}#${type}`, message, ...more });

export const validation = (message: string): DynamoDbError =>
  new DynamoDbError({ __type: 'com.amazon.coral.validate#ValidationException', message });

/** dynalite's errors carry DynamoDB's body; anything else is a defect and stays what it is. */
export function errorFrom(error: unknown): unknown {
  const { body, statusCode } = error as { body?: Record<string, unknown>; statusCode?: number };
  return body !== undefined && statusCode !== undefined ? new DynamoDbError(body, statusCode) : error;
}
