import { devNull } from 'node:os';

/** What can be started; `dynamodb` serves DynamoDB Streams too, `controlPlane` Lambda, Step Functions, STS and Secrets Manager. */
export const LOCAL_SERVICES = ['s3', 'sqs', 'dynamodb', 'controlPlane'] as const;
export type LocalService = (typeof LOCAL_SERVICES)[number];

/** They authorise nothing: the servers check no signature. */
export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local-secret' } as const;

/** Port 1: nobody listens there. A refused connection is better than a request to the real AWS. */
const NOWHERE = 'http://127.0.0.1:1';

/** The variables that lead every AWS SDK, and the AWS CLI, to these endpoints and nowhere else. */
export function clientEnvironment(
  endpoints: Readonly<Partial<Record<LocalService, string>>>,
  region: string,
): Record<string, string> {
  // Whatever is not served answers 501 instead of being asked for in the real AWS.
  const {
    controlPlane = NOWHERE,
    s3 = controlPlane,
    sqs = controlPlane,
    dynamodb = controlPlane,
  } = endpoints;
  return {
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_SQS: sqs,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: dynamodb,
    AWS_ENDPOINT_URL_LAMBDA: controlPlane,
    AWS_ENDPOINT_URL_SFN: controlPlane,
    AWS_ENDPOINT_URL_STS: controlPlane,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: controlPlane,
    AWS_ENDPOINT_URL: controlPlane,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: '',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: '',
    // The user's own profiles must not leak in, nor may a lookup of instance credentials slow the start.
    AWS_PROFILE: '',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The SDK's advice to leave Node 20 would stand in every log.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/** The same for a POSIX shell, a line each: `export NAME='value'`, or `unset NAME` for what must be empty. */
export const shellExports = (environment: Readonly<Record<string, string>>): string[] =>
  // The AWS CLI takes an empty profile for a profile's name.
  Object.entries(environment).map(([name, value]) =>
    value === '' ? `unset ${name}` : `export ${name}='${value}'`,
  );
