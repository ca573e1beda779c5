import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * The one retry and timeout configuration of every client in every function: five attempts with the SDK's
 * jittered backoff, 3 s to connect, 30 s for a socket to stay silent. There is no limit on a whole request,
 * since a snapshot may rightly take minutes to transfer. Region, credentials and any `AWS_ENDPOINT_URL`
 * come from the environment, as the SDK reads them.
 */
const CONFIGURATION = {
  maxAttempts: 5,
  retryMode: 'standard',
  requestHandler: { connectionTimeout: 3_000, socketTimeout: 30_000 },
} as const;

/** A secret is read again after this long, so that a rotated key is picked up without a deploy. Seconds. */
const SECRET_MAX_AGE = 300;

/** Each function makes the clients that it needs once, at its cold start, and passes them on. */
export const createS3Client = (): S3Client => new S3Client(CONFIGURATION);

export const createSqsClient = (): SQSClient => new SQSClient(CONFIGURATION);

/** Speaks plain values; attributes that are `undefined` are left out of a written item. */
export const createTableClient = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(CONFIGURATION), {
    marshallOptions: { removeUndefinedValues: true },
  });

/** Reads a secret's text by the secret's name. */
export type SecretReader = (name: string) => Promise<string>;

/**
 * A reader of Secrets Manager that caches each secret for five minutes.
 *
 * The returned reader throws an Error that names the secret when it does not exist, may not be read or is
 * empty: nothing is ever embedded without a key.
 */
export function createSecretReader(): SecretReader {
  const provider = new SecretsProvider({ awsSdkV3Client: new SecretsManagerClient(CONFIGURATION) });
  return async (name) => {
    const advice = 'Store the API key as its plain text and allow this function to read it.';
    const secret = await provider.get(name, { maxAge: SECRET_MAX_AGE }).catch((cause: unknown) => {
      throw new Error(`The secret "${name}" cannot be read from Secrets Manager. ${advice}`, { cause });
    });
    const text = typeof secret === 'string' ? secret.trim() : '';
    if (text === '') throw new Error(`The secret "${name}" holds no text. ${advice}`);
    return text;
  };
}
