import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawArchitecture } from '../../stacks/diagram/draw';
import { readGraph } from '../../stacks/diagram/graph';
import { synthesize } from '../support/template';

const REPOSITORY = join(__dirname, '..', '..');
const dev = JSON.parse(readFileSync(join(REPOSITORY, 'config', 'dev.json'), 'utf8'));

/** `from -> to` by names, as a reader of the picture sees it. */
function arrows(graph: ReturnType<typeof readGraph>, kind?: string): string[] {
  const name = new Map(graph.nodes.map((node) => [node.address, node.name]));
  return graph.edges
    .filter((edge) => kind === undefined || edge.kind === kind)
    .map(({ from, to }) => `${name.get(from)} -> ${name.get(to)}`)
    .sort();
}

describe('the picture of what will be deployed', () => {
  it('in the README is the one that the shipped configuration gives: else run `npm run diagram`', () => {
    const drawn = drawArchitecture(synthesize(dev, { environment: 'dev' }).json);
    expect(drawn).toBe(readFileSync(join(REPOSITORY, 'docs', 'architecture.svg'), 'utf8'));
  });

  it('shows the one consumer of each queue and of the stream', () => {
    expect(arrows(readGraph(synthesize().json), 'consumes')).toEqual([
      'compaction-runs -> stream-processor',
      'embed-ndjson -> embed-from-ndjson',
      'lines.fifo -> enhanced-compaction',
      'ocr-results -> process-ocr-results',
      'words.fifo -> enhanced-compaction',
    ]);
  });

  it('shows how data goes on, from the bucket to the file system', () => {
    expect(arrows(readGraph(synthesize().json), 'hands on')).toEqual([
      'chromadb -> ocr-results',
      'embed-from-ndjson -> compaction-runs',
      'enhanced-compaction -> chroma',
      'process-ocr-results -> embed-ndjson',
      'reconcile-runs -> lines.fifo',
      'reconcile-runs -> words.fifo',
      'stream-processor -> lines.fifo',
      'stream-processor -> words.fifo',
    ]);
  });

  it('shows a legacy consumer as existing, and a pause as paused', () => {
    const legacy = readGraph(synthesize({ consumer: { legacyFunction: 'old-compaction' } }).json);
    expect(legacy.nodes.find(({ name }) => name === 'legacy' || name === 'old-compaction')).toMatchObject({
      kind: 'function',
      existing: true,
    });
    const paused = readGraph(synthesize({ consumer: 'none' }).json);
    expect(arrows(paused, 'paused')).toEqual([
      'lines.fifo -> enhanced-compaction',
      'words.fifo -> enhanced-compaction',
    ]);
  });

  it('has neither network nor file system where Chroma is elsewhere', () => {
    const cloud = synthesize({
      chroma: { mode: 'cloud', tenant: 'a', database: 'b', secretName: 'chroma' },
    }).json;
    const graph = readGraph(cloud);
    expect(graph.network).toBeUndefined();
    expect(graph.nodes.some(({ kind }) => kind === 'file-system')).toBe(false);
    expect(drawArchitecture(cloud)).toContain('enhanced-compaction');
  });
});
