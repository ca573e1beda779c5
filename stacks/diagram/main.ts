import { readFileSync, writeFileSync } from 'node:fs';
import { drawArchitecture } from './draw';

const [, , source, target] = process.argv;
if (source === undefined || target === undefined) {
  console.error('Say which synthesized JSON to draw and where to: main.ts cdk.tf.json picture.svg');
  process.exitCode = 2;
} else {
  writeFileSync(target, drawArchitecture(JSON.parse(readFileSync(source, 'utf8'))));
}
