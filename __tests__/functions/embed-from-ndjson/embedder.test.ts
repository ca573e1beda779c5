import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { EMBEDDING_ATTEMPTS } from '../../../contracts/embedding';
import { readEnvironment } from '../../../contracts/environment';
import { createEmbedder } from '../../../functions/embed-from-ndjson/embedder';
import { type Endpoint, endpointOf } from '../../../functions/embed-from-ndjson/endpoint';
import {
  embeddings,
  type Imitation,
  type ImitationServer,
  KEY,
  startImitation,
} from '../../support/endpoint-imitations';

const DIMENSIONS = 8;
const settings = (origin: string): Endpoint => ({
  ...endpointOf(
    readEnvironment('embed-from-ndjson', {
      CHROMADB_BUCKET: 'the-bucket',
      COMPACTION_RUNS_TABLE: 'runs',
      OPENAI_SECRET_NAME: 'key',
      OPENAI_BASE_URL: `${origin}/v1`,
      EMBEDDING_MODEL: 'a-model',
    }),
  ),
  dimensions: DIMENSIONS,
});
const good: Imitation = (asked) => [200, embeddings(asked, DIMENSIONS)];

let server: ImitationServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
async function embedder(imitation: Imitation, changes: Partial<Endpoint> = {}) {
  server = await startImitation(imitation);
  return createEmbedder({ ...settings(server.origin), ...changes }, async () => KEY);
}
const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);

test('C10: no more requests are under way at once than are allowed, over all receipts', async () => {
  let [running, most] = [0, 0];
  const release: (() => void)[] = [];
  const embed = await embedder(
    async (asked) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => release.push(resolve));
      running -= 1;
      return good(asked);
    },
    { concurrency: 3, requestInputs: 2 },
  );
  const receipts = Promise.all([embed(texts(9)), embed(texts(7)), embed(texts(1))]);
  // 5, 4 and 1 requests, of which three are always under way, or what is left.
  for (let answered = 0; answered < 10; answered++) {
    while (release.length === 0 || running < Math.min(3, 10 - answered)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    release.shift()?.();
    const before = running;
    while (running === before && answered >= 7) await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await receipts).map(({ length }) => length)).toEqual([9, 7, 1]);
  expect(most).toBe(3);
});

test('C10: a request that is not answered in time is given up and sent again', async () => {
  let requests = 0;
  const embed = await embedder(
    (asked) => {
      requests += 1;
      return requests === 1 ? new Promise(() => {}) : good(asked);
    },
    { timeout: 1_000 },
  );
  expect(await embed(['text'])).toHaveLength(1);
  expect(requests).toBeGreaterThan(1);
});

describe('C10: An answer whose headers come in time, and then a blank every so often,', () => {
  /** Drips the first so many answers, and gives all later ones at once. */
  async function dripping(answers: number) {
    let requests = 0;
    const http = createServer(async (request, response) => {
      const asked = JSON.parse(await text(request));
      requests += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      if (requests > answers) {
        response.end(JSON.stringify(embeddings(asked, DIMENSIONS)));
        return;
      }
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    return {
      embed: createEmbedder({ ...settings(`http://127.0.0.1:${port}`), timeout: 1_000 }, async () => KEY),
      requests: () => requests,
      close: () => {
        http.closeAllConnections();
        http.close();
      },
    };
  }

  it('is given up and asked for again', async () => {
    const endpoint = await dripping(1);
    try {
      expect(await endpoint.embed(['text'])).toHaveLength(1);
      expect(endpoint.requests()).toBeGreaterThan(1);
    } finally {
      endpoint.close();
    }
  });

  it('fails its receipt as one that never comes, after as many attempts', async () => {
    const endpoint = await dripping(Number.POSITIVE_INFINITY);
    try {
      await expect(endpoint.embed(['text'])).rejects.toThrow('did not answer in time');
      expect(endpoint.requests()).toBe(EMBEDDING_ATTEMPTS);
    } finally {
      endpoint.close();
    }
  });
});

test('a request that fails ends its receipt, and the requests that wait are never sent', async () => {
  const embed = await embedder(() => [401, { error: { code: 'invalid_api_key' } }], {
    concurrency: 1,
    requestInputs: 1,
  });
  await expect(embed(texts(5))).rejects.toThrow('HTTP 401 (invalid_api_key)');
  expect(server?.seen).toHaveLength(1);
  // And the next receipt has its turn.
  await expect(embed(texts(1))).rejects.toThrow('HTTP 401');
});

test('C10: tokens of OpenAI’s models are counted, those of others are taken to be as many as bytes', async () => {
  const long = Array.from({ length: 20 }, (_, index) => `${index} ${'COFFEE BEANS '.repeat(20)}`);
  const requests = async (model: string) => {
    const embed = await embedder(good, { model, requestTokens: 3_000 });
    await embed(long);
    const { length = 0 } = server?.seen ?? [];
    await server?.close();
    return length;
  };
  expect(await requests('another-model')).toBe(2);
  expect(await requests('text-embedding-3-small')).toBe(1);
});

test('equal texts are sent once', async () => {
  const embed = await embedder(good);
  const [first, other, again] = await embed(['same', 'other', 'same']);
  expect(server?.seen.map(({ input }) => input)).toEqual([['same', 'other']]);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
