import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config';
import { Synthesized } from '../synthesized/synthesized';
import { workingDirectory } from '../working-directory';
import { drawFlowchart } from './flowchart';

/* `npm run diagram`: the README's picture, drawn anew from what `main.ts` synthesized. */

const ROOT = join(__dirname, '..', '..');
const SYNTHESIZED = join(ROOT, 'cdktf.out', workingDirectory(loadConfig()), 'cdk.tf.json');
const README = join(ROOT, 'README.md');

const picture = drawFlowchart(new Synthesized(JSON.parse(readFileSync(SYNTHESIZED, 'utf8'))));
const page = readFileSync(README, 'utf8');
writeFileSync(
  README,
  page.replace(/```mermaid\n[^`]*```/, () => `\`\`\`mermaid\n${picture}\`\`\``),
);
