import { createServer } from 'node:http';
import { announce, listenOnLoopback, readBody } from '../processes/loopback';
import { DynamoDbError } from './errors';
import { DynamoDbService } from './service';

const EXPIRY_SWEEP_MS = 1_000;

/** The local DynamoDB with its streams: dynalite's storage, completed. */
async function main(): Promise<void> {
  const service = new DynamoDbService(process.env.AWS_REGION ?? 'us-east-1');
  setInterval(() => void service.expire(), EXPIRY_SWEEP_MS);

  const server = createServer(async (request, response) => {
    const [status, body] = await answer(service, String(request.headers['x-amz-target'] ?? ''), request);
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  announce(await listenOnLoopback(server, Number(process.argv[2] ?? 0)));
}

async function answer(
  service: DynamoDbService,
  target: string,
  request: AsyncIterable<Buffer>,
): Promise<[number, object]> {
  try {
    const body = await readBody(request);
    return [200, await service.answer(target, JSON.parse(body.toString() || '{}'))];
  } catch (error) {
    if (error instanceof DynamoDbError) return [error.status, error.body];
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return [500, { __type: 'InternalServerError', message: String(error) }];
  }
}

void main();
