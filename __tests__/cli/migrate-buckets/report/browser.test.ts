import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, launch } from 'puppeteer-core';
import { reportPage } from '../../../../cli/migrate-buckets/report/page';
import { judge } from '../../../../cli/migrate-buckets/report/verdict';
import type { BucketEvidence } from '../../../../contracts/migrate-buckets/authority';
import type { Report } from '../../../../contracts/migrate-buckets/report';
import { describeWith } from '../../../../packages/local-aws/__tests__/support/requirements';
import { BROWSER, findBrowser } from '../../../support/requirements';
import { gate, plan, proof, retirement } from './reported';

interface Layout {
  readonly verdict: string;
  readonly verdictTop: number;
  readonly ground: string;
}
const { layout, faintTexts }: { layout: () => Layout; faintTexts: () => string[] } = require('./in-page.cjs');

/** Long, and without a place to break it. */
const LONG = `lines/delta/${'a'.repeat(900)}</script><img src=x onerror=alert(1)>`;
const tally = (objects: number) => ({ objects, bytes: objects * 1_234_567 });

const candidate = (name: string, scale: number, other: string): BucketEvidence => ({
  name,
  collections: [
    {
      collection: 'lines',
      has_data: true,
      gates: [],
      version: '20260101_000000',
      snapshot_at: 0,
      records: 3,
    },
    {
      collection: 'words',
      has_data: true,
      gates: [{ gate: 'database-sound', result: 'fail', evidence: `Page 3 is not whole in ${LONG}.` }],
      version: null,
      snapshot_at: null,
      records: null,
    },
  ],
  ...tally(100 * scale),
  decoys: 3,
  newest_write: Date.parse('2026-01-20'),
  recent_writes: 4,
  references: [`Lambda ${'f'.repeat(64)}: CHROMADB_BUCKET`],
  contained_in: { [other]: 40 },
  spread: {
    days: Object.fromEntries(
      Array.from({ length: 20 }, (_, day) => [
        `2026-01-${String(day + 1).padStart(2, '0')}`,
        tally(((day * 7) % 11) * scale),
      ]),
    ),
    prefixes: [
      { prefix: 'lines/delta/', ...tally(60 * scale) },
      { prefix: LONG, ...tally(40 * scale) },
    ],
    other_prefixes: tally(1),
    kinds: [
      { collection: 'lines', kind: 'deltas', ...tally(60 * scale) },
      { collection: null, kind: 'others', ...tally(40 * scale) },
    ],
  },
});

function full(changes: Partial<Report> = {}): Report {
  const [source, loser] = ['chromadb-dev-shared-bucket-5f3b2c1', 'chromadb-dev-bucket-a94d07e'];
  const at = '2026-01-21T00:00:00.000Z';
  const gates = [gate(), gate({ name: 'state', overridden: true, evidence: `Not checked: ${LONG}` })];
  const known = {
    phase: 'retired' as const,
    plan: plan({ source, destination: 'chroma-pipeline-prod-000000000000', authority: [`${source} wins.`] }),
    frozen: { at, by: 'ann@host' },
    server: { at, checks: [], accepted_missing: [{ capability: 'tags' as const, at }] },
    no_freeze: false,
    overrides: [{ gate: 'state', at }],
    proof: {
      ...proof({ P4: 2, P3: 900, P2: 98 }),
      fidelity: { compared: 100, differing: 0, deep: false, seed: 1 },
    },
    retirement: retirement({ gates }, { failed: [{ key: LONG, message: 'Denied.' }], failed_count: 1 }),
    earlier_retirements: [retirement({ gates }, { deleted: 1 })],
    ...changes,
  };
  return {
    made_at: at,
    tool: 'migrate-buckets 1.0.0',
    verdict: judge(known),
    ...known,
    authority: {
      winner: source,
      reasons: [],
      signals: [{ name: 'bytes', values: { [source]: 2e9, [loser]: 1e8 }, best: [source] }],
      buckets: [candidate(source, 10, loser), candidate(loser, 1, source)],
      stranded: [{ bucket: loser, key: LONG }],
      left_behind: [],
      unchecked: [],
    },
    copied: tally(1000),
    runs: [
      {
        command: 'apply',
        begun_at: at,
        seconds: 62.5,
        end: 'done',
        steps: [{ event: 'unfreeze-failed', seconds: 60.25, message: `The canary ${LONG} was copied.` }],
      },
    ],
    certificates: [{ at, path: `/${'deep/'.repeat(40)}c.json`, digest: 'c'.repeat(64), objects: 1000 }],
  };
}

describeWith([BROWSER], 'the page in a real browser', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-'));
    // There is no sandbox for root, as whom containers run.
    const args = ['--no-sandbox', '--no-zygote'];
    browser = await launch({ executablePath: findBrowser(), headless: 'shell', args });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(report: Report, width: number, scheme = 'light') {
    const path = join(folder, `${width}-${scheme}.html`);
    await writeFile(path, reportPage(report));
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('requestfailed', (request) => troubles.push(request.url()));
    page.on('dialog', (dialog) => troubles.push(dialog.message()));
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(pathToFileURL(path).href);
    return { page, troubles };
  }

  const sides = [390, 1280].flatMap((width) => ['light', 'dark'].map((scheme) => [width, scheme] as const));

  it.each(sides)(
    'fits %d pixels in %s, with all sections, and nothing to complain of',
    async (width, scheme) => {
      const { page, troubles } = await open(full(), width, scheme);
      const seen = await page.evaluate(layout);
      expect(seen).toMatchObject({
        overflow: 0,
        sticksOut: [],
        hidden: [],
        sections: expect.arrayContaining([
          'verdict',
          'proof',
          'gates',
          'deleted',
          'candidates',
          'plan',
          'digests',
        ]),
        narrowCharts: 0,
        foreign: 0,
      });
      expect(troubles).toEqual([]);
      await page.close();
    },
  );

  it.each(sides)(
    'can be read at %d pixels in %s: every text stands out by 4.5 to 1',
    async (width, scheme) => {
      const { page } = await open(full(), width, scheme);
      expect(await page.evaluate(faintTexts)).toEqual([]);
      await page.close();
    },
  );

  it('says the verdict first, on the first screen of a phone', async () => {
    const { page } = await open(full(), 390);
    expect((await page.evaluate(layout)).verdictTop).toBeLessThan(300);
    await page.close();
  });

  it('has no green verdict where something was given up, and a green one where nothing was', async () => {
    const colourOf = async (report: Report) => {
      const { page } = await open(report, 1280);
      const { verdict } = await page.evaluate(layout);
      await page.close();
      return verdict;
    };
    expect(await colourOf(full())).toBe('verdict warn');
    expect(await colourOf(full({ overrides: [], server: null, retirement: retirement() }))).toBe(
      'verdict good',
    );
    expect(await colourOf(full({ proof: null }))).toBe('verdict bad');
    expect(await colourOf(full({ phase: 'planned', proof: null, retirement: null }))).toBe('verdict idle');
  });

  it('prints light on paper though the screen is dark', async () => {
    const { page } = await open(full(), 1280, 'dark');
    await page.emulateMediaType('print');
    expect((await page.evaluate(layout)).ground).toBe('rgb(255, 255, 255)');
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000);
    await page.close();
  });
});
