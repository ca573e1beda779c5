import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { STSClient } from '@aws-sdk/client-sts';
import { sendToRegions } from './regions';
import { limitAnswers, REQUEST_TIMEOUT, tellSilence, timeOuts } from './time-outs';

interface AwsOptions {
  /** @default - the SDK's own choice: AWS_REGION, then the profile's region */
  readonly region?: string;
  /** Of the SDK's own files. @default - the SDK's own choice: AWS_PROFILE, then `default` */
  readonly profile?: string;
  /** Of S3. @default - the SDK's own choice: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, then AWS */
  readonly endpoint?: string;
  /** Seconds without a sign of life after which a request to S3 counts as lost. @default 60 */
  readonly requestTimeout?: number;
  /** Is told, for people, what is waited for where S3 is silent. */
  readonly waiting?: (message: string) => void;
  /** Twelve digits. Every S3 request then fails unless the bucket belongs to this account. */
  readonly expectedOwner?: string;
}

/** The clients, each made when first used: a command loads only the services that it talks to. */
export interface Aws {
  readonly options: AwsOptions;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly stepFunctions: SFNClient;
  readonly sts: STSClient;
}

/** Evidence from these services is wanted, not essential: they may not hold up the command for minutes. */
const SIDE_SERVICE = { maxAttempts: 2, requestHandler: { ...timeOuts(20), connectionTimeout: 3_000 } };

// Node 20 is supported: the SDK's advice to leave it would stand in every log.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const hasOwnEndpoint = () =>
  process.env.AWS_ENDPOINT_URL_S3 !== undefined || process.env.AWS_ENDPOINT_URL !== undefined;

/**
 * Makes clients lazily. Endpoints come from the SDK's own variables (`AWS_ENDPOINT_URL_S3` and the like).
 * S3's retries are ours ({@link ./pace}), so the SDK's are kept to a minimum and never adaptive.
 */
export function makeAws(options: AwsOptions): Aws {
  const { region, profile } = options;
  const common = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
  const made: { -readonly [Client in keyof Aws]?: Aws[Client] } = {};
  return {
    options,
    get s3() {
      made.s3 ??= makeS3(options, common);
      return made.s3;
    },
    get lambda() {
      const { LambdaClient }: typeof import('@aws-sdk/client-lambda') = require('@aws-sdk/client-lambda');
      made.lambda ??= new LambdaClient({ ...common, ...SIDE_SERVICE });
      return made.lambda;
    },
    get stepFunctions() {
      const { SFNClient }: typeof import('@aws-sdk/client-sfn') = require('@aws-sdk/client-sfn');
      made.stepFunctions ??= new SFNClient({ ...common, ...SIDE_SERVICE });
      return made.stepFunctions;
    },
    get sts() {
      const { STSClient }: typeof import('@aws-sdk/client-sts') = require('@aws-sdk/client-sts');
      made.sts ??= new STSClient({ ...common, ...SIDE_SERVICE });
      return made.sts;
    },
  };
}

/** A client of another principal: the profile's, from the SDK's own files. */
export const s3OfProfile = ({ options }: Aws, profile: string): S3Client =>
  makeS3(options, { profile, ...(options.region === undefined ? {} : { region: options.region }) });

/** Reaches buckets of every region, wherever the operator's own is. */
function makeS3(options: AwsOptions, more: Where): S3Client {
  const home = makeRegionalS3(options, more);
  sendToRegions(home, (region) => makeRegionalS3(options, { ...more, region }));
  return home;
}

interface Where {
  readonly region?: string;
  readonly profile?: string;
}

function makeRegionalS3(
  { expectedOwner, endpoint, requestTimeout = REQUEST_TIMEOUT, waiting }: AwsOptions,
  more: Where,
): S3Client {
  const { S3Client }: typeof import('@aws-sdk/client-s3') = require('@aws-sdk/client-s3');
  const client = new S3Client({
    ...more,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: endpoint !== undefined || hasOwnEndpoint(),
    retryMode: 'standard',
    maxAttempts: 3,
    requestHandler: timeOuts(requestTimeout),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  // Prepares every request and answer for a log that nobody reads: 5 % of a copy's time.
  client.middlewareStack.remove('loggerMiddleware');
  limitAnswers(client, requestTimeout);
  if (waiting !== undefined) tellSilence(client, waiting);
  if (expectedOwner !== undefined) expectOwner(client, expectedOwner);
  return client;
}

/** One place for the owner check: no request can forget it. */
function expectOwner(client: S3Client, owner: string): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { headers?: Record<string, string> };
      if (request.headers !== undefined) {
        // One that a request itself names is a question of its own: whether the server refuses it.
        request.headers['x-amz-expected-bucket-owner'] ??= owner;
        if (request.headers['x-amz-copy-source'] !== undefined) {
          request.headers['x-amz-source-expected-bucket-owner'] = owner;
        }
      }
      return next(args);
    },
    { step: 'build', name: 'expectBucketOwner' },
  );
}
