import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GUARDS } from '../../../stacks/guards';

const tests = readdirSync(__dirname)
  .filter((file) => join(__dirname, file) !== __filename)
  .map((file) => readFileSync(join(__dirname, file), 'utf8'))
  .join('\n');

it.each(Object.keys(GUARDS))('a test breaks what %s guards, and demands that it says so', (name) => {
  expect(tests).toMatch(new RegExp(`/${name}: |\\(${name}\\||\`${name}: `));
});
