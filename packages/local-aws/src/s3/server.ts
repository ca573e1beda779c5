import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { listenOnLoopback } from '../processes/loopback';
import { ADMIN_PATH, answerAdmin, applyMutation } from './admin';
import { errorReply, write, writeForEver, writeHalf } from './answer';
import { brokenPage, errorInside, fromTheStart, isContinued } from './broken-answers';
import { type Fault, Faults, faultError } from './faults';
import { identify } from './identity';
import { fromByteKey } from './key-order';
import type { Operation } from './operation';
import { decodePayload, readPayload } from './payload';
import { quirkyReply, readHeaders } from './quirks';
import { parseTarget, type Reply, type S3Request, type Target } from './request';
import { RequestLog } from './request-log';
import { actionOf, findOperation } from './routes';
import { S3Error } from './s3-error';
import { Service, type Settings } from './service';
import type { Bucket } from './store';

export interface S3ServerOptions extends Partial<Settings> {
  /** @default 0 - a free port. */
  readonly port?: number;
}

export interface S3Server {
  /** `http://127.0.0.1:{port}`. Clients address buckets by path, as SDKs do by themselves for an address. */
  readonly endpoint: string;
  /** Ends all connections. What was stored is gone. */
  close(): Promise<void>;
}

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;

const DEFAULTS: Settings = {
  principals: {},
  principalTags: {},
  sqsEndpoint: undefined,
  maximumCopyBytes: 5 * GIBIBYTE,
  minimumPartBytes: 5 * MEBIBYTE,
  eventualConfiguration: {},
  quirks: [],
  maximumKeys: 1000,
  history: false,
};

/** Starts an S3 of our own in this process: in memory, empty, on the loopback address. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { port = 0, ...settings } = options;
  const log = new RequestLog();
  const service = new Service({ ...DEFAULTS, ...settings }, log);
  const faults = new Faults();
  let requests = 0;

  const server = createServer({ keepAlive: true, requestTimeout: 0 }, (message, response) => {
    readPayload(message, (raw) => {
      requests += 1;
      const requestId = requests.toString(16).toUpperCase().padStart(16, '0');
      const url = message.url ?? '/';
      if (url.startsWith(ADMIN_PATH)) writeAdmin(message, response, raw);
      else void answer(message, response, raw, url, requestId);
    });
  });

  function writeAdmin(message: IncomingMessage, response: ServerResponse, raw: Buffer): void {
    const { status, body } = adminAnswer(message, raw);
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  }

  function adminAnswer(message: IncomingMessage, raw: Buffer) {
    try {
      return answerAdmin(message.method ?? 'GET', message.url ?? '/', raw, { service, faults, log });
    } catch (error) {
      return { status: 400, body: { problems: [String(error)] } };
    }
  }

  async function answer(
    message: IncomingMessage,
    response: ServerResponse,
    raw: Buffer,
    url: string,
    requestId: string,
  ): Promise<void> {
    let hits: readonly Fault[] = [];
    let reply: Reply;
    try {
      const target = parseTarget(url);
      const hasCopySource = message.headers['x-amz-copy-source'] !== undefined;
      const operation = findOperation(target, message.method ?? 'GET', hasCopySource);
      const key = fromByteKey(target.key);
      log.note(operation.operation, { bucket: target.bucket, key }, message.headers);
      const { operation: name } = operation;
      const { bucket } = target;
      service.history.add({
        kind: 'request',
        operation: name,
        bucket,
        key,
        continued: isContinued(target.query),
      });
      hits = faults.hit(operation.operation, target.bucket, key);
      if (hits.length > 0 && (await applyFaults(hits, message))) return;
      const inside = hits.find(({ failInside }) => failInside !== undefined)?.failInside;
      const page = hits.find((fault) => fault.page !== undefined)?.page;
      if (inside !== undefined) {
        const { data: payload } = decodePayload(message, raw);
        reply = errorInside(name, inside, { path: target.path, requestId, payload });
      } else {
        const asked = page === 'repeated' ? { ...target, query: fromTheStart(target.query) } : target;
        const result = perform(service, operation, asked, message, raw, requestId);
        const answered = quirkyReply(name, result instanceof Promise ? await result : result, service.quirks);
        reply = page === undefined ? answered : brokenPage(name, answered, page);
      }
    } catch (error) {
      reply = errorReply(error, url, requestId);
    }
    if (hits.some(({ reset }) => reset === 'after')) message.socket.destroy();
    else if (hits.some(({ reset }) => reset === 'middle')) writeHalf(message, response, reply, requestId);
    else if (hits.some(({ trickle }) => trickle === true)) writeForEver(response, reply);
    else write(message, response, reply, requestId);
  }

  /** @returns true when the connection is gone. */
  async function applyFaults(hits: readonly Fault[], message: IncomingMessage): Promise<boolean> {
    for (const fault of hits) {
      const { delay } = fault;
      if (delay !== undefined) await setTimeout(delay);
      if (fault.mutate !== undefined) applyMutation(service, fault.mutate);
      if (fault.reset === 'before') {
        message.socket.destroy();
        return true;
      }
      const error = faultError(fault);
      if (error !== undefined) throw error;
    }
    return false;
  }

  // A client's idle connection must not be closed under its next request.
  server.keepAliveTimeout = 600_000;
  server.headersTimeout = 0;
  service.endpoint = await listenOnLoopback(server, port);
  return {
    endpoint: service.endpoint,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await service.queues.close();
    },
  };
}

function perform(
  service: Service,
  operation: Operation,
  target: Target,
  message: IncomingMessage,
  raw: Buffer,
  requestId: string,
): Reply | Promise<Reply> {
  const headers = readHeaders(operation.operation, message.headers, service.quirks);
  const { data, trailers } = decodePayload(message, raw);
  const { bucket: name, key, path, query } = target;
  const request: S3Request = {
    bucket: name,
    key,
    path,
    query,
    method: message.method ?? 'GET',
    headers,
    payload: data,
    trailers,
    caller: identify(headers, query, service.settings.principals),
    requestId,
  };
  if ('runWithoutBucket' in operation) {
    service.noteAccountAction(request, actionOf(operation, target));
    return operation.runWithoutBucket({ request, service });
  }

  const bucket = service.bucket(name);
  const { region } = request.caller;
  if (region !== undefined && region !== bucket.region && operation.operation !== 'GetBucketLocation') {
    throw inAnotherRegion(bucket, region, service.quirks.has('refuses-other-regions'));
  }
  const expectedOwner = headers['x-amz-expected-bucket-owner'];
  service.expectOwner(bucket, Array.isArray(expectedOwner) ? expectedOwner[0] : expectedOwner);
  const action = actionOf(operation, target);
  if (action !== undefined) {
    service.authorize(request, action, bucket, operation.level === 'object' ? key : undefined);
  }
  try {
    return operation.run({ request, service }, service.configurationSight.of(operation, bucket));
  } catch (error) {
    // Who may not list must not learn from a 404 which keys exist: AWS then says 403.
    const reading = request.method === 'GET' || request.method === 'HEAD';
    if (reading && error instanceof S3Error && error.code === 'NoSuchKey') {
      service.authorize(request, 's3:ListBucket', bucket);
    }
    throw error;
  }
}

/** S3 sends a request on that came to the endpoint of another region; one that was only signed for it is malformed. */
function inAnotherRegion({ name, region }: Bucket, signedFor: string, isMalformed: boolean): S3Error {
  const headers = { 'x-amz-bucket-region': region };
  if (isMalformed) {
    return new S3Error(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${signedFor}' is wrong; expecting '${region}'`,
      { Region: region },
      headers,
    );
  }
  return new S3Error(
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    { Bucket: name, Endpoint: `${name}.s3.${region}.amazonaws.com` },
    headers,
  );
}
