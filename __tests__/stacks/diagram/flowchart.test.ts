import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawFlowchart } from '../../../stacks/diagram/flowchart';
import { synthesize } from '../../support/template';

const REPOSITORY = join(__dirname, '..', '..', '..');
const dev = JSON.parse(readFileSync(join(REPOSITORY, 'config', 'dev.json'), 'utf8'));

const draw = (...settings: Parameters<typeof synthesize>) => drawFlowchart(synthesize(...settings));

/** The arrows of one kind, as a reader of the picture sees them. */
const arrows = (picture: string, line: RegExp): string[] =>
  [...picture.matchAll(/^ *(\w+) (\S.*) (\w+)$/gm)]
    .filter(([, , drawn = '']) => line.test(drawn))
    .map(([, from, , to]) => `${from} -> ${to}`)
    .sort();

const CONSUMES = /^== "up to \d+" ==>$/;
const HANDS_ON = /^(-- ".*" )?-->$/;

describe('the picture of what will be deployed', () => {
  it('in the README is the one that the shipped configuration gives: else run `npm run diagram`', () => {
    const picture = draw(dev, { environment: 'dev' });
    expect(readFileSync(join(REPOSITORY, 'README.md'), 'utf8')).toContain(`\`\`\`mermaid\n${picture}\`\`\``);
  });

  it('shows the one consumer of each queue and of the stream', () => {
    expect(arrows(draw(), CONSUMES)).toEqual([
      'compaction_runs -> stream_processor',
      'embed_ndjson -> embed_from_ndjson',
      'lines -> enhanced_compaction',
      'ocr_results -> process_ocr_results',
      'words -> enhanced_compaction',
    ]);
  });

  it('shows how data goes on, from the bucket to the file system', () => {
    expect(arrows(draw(), HANDS_ON)).toEqual([
      'chromadb -> ocr_results',
      'chromadb -> ocr_results',
      'embed_from_ndjson -> compaction_runs',
      'enhanced_compaction -> chroma',
      'process_ocr_results -> embed_ndjson',
      'reconcile_runs -> lines',
      'reconcile_runs -> words',
      'stream_processor -> lines',
      'stream_processor -> words',
    ]);
  });

  it('shows the queue of lost events once, and who fails into it', () => {
    const picture = draw();
    expect(picture.match(/lost_events_dlq\(/g)).toHaveLength(1);
    expect(arrows(picture, /failed/)).toEqual([
      'reconcile_runs -> lost_events_dlq',
      'stream_processor -> lost_events_dlq',
    ]);
  });

  it('shows a legacy consumer as existing, and a pause as paused', () => {
    expect(draw({ consumer: { legacyFunction: 'old-compaction' } })).toMatch(
      /\["<b>old-compaction<\/b><br\/>Lambda, existing"\]/,
    );
    expect(arrows(draw({ consumer: 'none' }), /paused/)).toEqual([
      'lines -> enhanced_compaction',
      'words -> enhanced_compaction',
    ]);
  });

  it.each([
    ['Chroma is elsewhere', { mode: 'cloud', tenant: 'a', database: 'b', secretName: 'chroma' }],
    ['there is no cache', { mode: 'embedded', cache: 'none' }],
  ] as const)('has neither network nor file system where %s', (_where, chroma) => {
    const picture = draw({ chroma });
    expect(picture).not.toMatch(/subgraph|EFS/);
    expect(picture).toContain('enhanced-compaction');
  });
});
