import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { scripts } from '../../package.json';

const ROOT = join(__dirname, '..', '..');
const [, ...patterns] = scripts['test:core'].split(' ');

it('the core of the tests is named, and each name still finds its tests', () => {
  expect(patterns.length).toBeGreaterThan(3);
  const files = execFileSync('git', ['ls-files', '*.test.ts'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  expect(patterns.filter((pattern) => !files.some((file) => new RegExp(pattern).test(file)))).toEqual([]);
});
