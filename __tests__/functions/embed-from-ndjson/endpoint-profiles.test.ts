import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../../../contracts/environment';
import { embedText } from '../../../demo/embedding-endpoint/embed-text';
import { createEmbedder } from '../../../functions/embed-from-ndjson/embedder';
import { type Endpoint, endpointOf } from '../../../functions/embed-from-ndjson/endpoint';
import { parseConfig } from '../../../stacks/config';
import { environmentOf, variables } from '../../../stacks/pipeline/environment';
import {
  IMITATIONS,
  type Imitation,
  KEY,
  OLDER_TEXT_EMBEDDINGS_INFERENCE,
  startImitation,
} from '../../support/endpoint-imitations';

const PAGE = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'embedding-endpoints.md'), 'utf8');

/** The configuration of each server, as the page has it. */
const PROFILES: readonly (readonly [string, Record<string, unknown>])[] = [
  ...PAGE.matchAll(/^## (.+)\n\n```json\n([^`]+)```/gm),
].map(([, server = '', block = '']) => [server, JSON.parse(block)]);

/** What the function makes of a configuration, when its server runs elsewhere. */
function endpoint(embedding: Record<string, unknown>, origin: string): Endpoint {
  const config = parseConfig({ embedding }, 'test');
  const shared = { bucket: 'the-bucket', runTable: 'runs', queueUrls: { lines: '' } as never };
  const environment = environmentOf('embed-from-ndjson', variables(config, shared));
  const { pathname } = new URL(String(embedding.baseUrl ?? 'https://api.openai.com/v1'));
  return endpointOf(
    readEnvironment('embed-from-ndjson', { ...environment, OPENAI_BASE_URL: `${origin}${pathname}` }),
  );
}

async function withServer<Result>(
  imitation: Imitation,
  use: (server: Awaited<ReturnType<typeof startImitation>>) => Promise<Result>,
): Promise<Result> {
  const server = await startImitation(imitation);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

/** So many texts, some of them long. */
const texts = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) => `row ${index} above\n${'ITEM '.repeat(1 + (index % 60))}${index}.50\nrow below`,
  );
const embed = (settings: Endpoint, of: readonly string[]) => createEmbedder(settings, async () => KEY)(of);
/** Jest takes minutes to compare as many numbers. */
const digests = (vectors: readonly Float32Array[]) =>
  vectors.map((vector) => createHash('sha256').update(vector).digest('hex'));
const expected = (of: readonly string[], dimensions: number) =>
  digests(of.map((text) => embedText(text, dimensions)));

test('the page has a profile for each server that is imitated, and for no other', () => {
  expect(PROFILES.map(([server]) => server)).toEqual(Object.keys(IMITATIONS));
});

describe.each(PROFILES)('C10: %s', (server, profile) => {
  const imitation = () => IMITATIONS[server]?.() ?? (() => [404, '']);

  it('embeds a receipt of several requests with the settings of the page, and refuses nothing of it', async () => {
    await withServer(imitation(), async ({ origin, seen }) => {
      const settings = endpoint(profile, origin);
      const all = texts(settings.requestInputs + 60);
      expect(digests(await embed(settings, all))).toEqual(expected(all, settings.dimensions));
      expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
      expect(seen.length).toBeGreaterThan(1);
      for (const { encoding_format, dimensions } of seen) {
        expect(encoding_format).toBe(settings.encoding);
        expect(dimensions).toBe(settings.sendDimensions ? settings.dimensions : undefined);
      }
    });
  });
});

describe('C10: A server that finds a request too large', () => {
  const profile = PROFILES.find(([server]) => server.startsWith('Hugging Face'))?.[1] ?? {};
  const servers: [string, Imitation][] = [
    ['413', OLDER_TEXT_EMBEDDINGS_INFERENCE],
    ['422', IMITATIONS['Hugging Face Text Embeddings Inference']?.() ?? OLDER_TEXT_EMBEDDINGS_INFERENCE],
  ];

  it.each(servers)('with %s gets it in halves, and no receipt is lost', async (status, imitation) => {
    await withServer(imitation, async ({ origin, seen }) => {
      const settings = endpoint({ ...profile, requestInputs: 2048 }, origin);
      const all = texts(150);
      expect(digests(await embed(settings, all))).toEqual(expected(all, settings.dimensions));
      expect([...new Set(seen.map((each) => String(each.status)))].sort()).toEqual(['200', status]);
    });
  });

  it('even with one text, is said to, without that text', async () => {
    await withServer(
      () => [413, { message: 'SECRET TEXT' }],
      async ({ origin, seen }) => {
        const asked = embed(endpoint(profile, origin), ['SECRET TEXT', 'another']);
        await expect(asked).rejects.toThrow(/refused a single text with HTTP 413/);
        await expect(asked).rejects.not.toThrow(/SECRET/);
        expect(seen.map(({ input }) => input.length)).toEqual([2, 1]);
      },
    );
  });
});

test('C10: a model that cannot shorten its vectors refuses the dimensions, and the message comes again', async () => {
  const [, profile = {}] = PROFILES.find(([server]) => server === 'vLLM') ?? [];
  await withServer(IMITATIONS.vLLM?.() ?? (() => [404, '']), async ({ origin, seen }) => {
    const asked = embed(endpoint({ ...profile, sendDimensions: true }, origin), ['text']);
    await expect(asked).rejects.toThrow(/refused a request with HTTP 400 .*docs\/embedding-endpoints.md/);
    expect(seen).toHaveLength(1);
  });
});
