import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../stacks/config';
import { workingDirectory } from '../../stacks/working-directory';
import { smallPackages } from '../support/template';

/** Where the two frameworks may differ, by path in the JSON, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  '//.metadata.version': "the framework's own version number",
};

const directory = mkdtempSync(join(tmpdir(), 'chroma-pipeline-cdktn-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const config = parseConfig({ encryption: { type: 'kms' }, alarms: { email: 'someone@example.com' } }, 'test');
const packages = smallPackages();

/** Synthesizes the app of `main.ts` in a world where `cdktf` is the given framework. */
function synthesizeUnder(framework: 'cdktf' | 'cdktn'): { version: string; json: unknown } {
  const outdir = join(directory, framework);
  let version = '';
  jest.isolateModules(() => {
    if (framework === 'cdktn') jest.doMock('cdktf', () => jest.requireActual('cdktn'));
    const { buildApp } = jest.requireActual<typeof import('../../main')>('../../main');
    const app = buildApp(config, packages, outdir);
    version = String(app.node.tryGetContext('cdktfVersion'));
    app.synth();
    jest.dontMock('cdktf');
  });
  const stack = join(outdir, workingDirectory(config), 'cdk.tf.json');
  return { version, json: JSON.parse(readFileSync(stack, 'utf8')) };
}

/** The paths at which two JSON values differ. */
function differences(one: unknown, other: unknown, path: readonly string[] = []): string[] {
  if (Object.is(one, other)) return [];
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return [path.join('.')];
  }
  const [left, right] = [one, other] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    differences(left[key], right[key], [...path, key]),
  );
}

describe('the stack under cdktn, the fork of the archived cdktf', () => {
  const original = synthesizeUnder('cdktf');
  const fork = synthesizeUnder('cdktn');

  it('was synthesized by the fork, not by cdktf once more', () => {
    expect(fork.version).toBe(require('cdktn/package.json').version);
    expect(original.version).toBe(require('cdktf/package.json').version);
  });

  it('gives the same JSON, but for what is listed', () => {
    expect(differences(original.json, fork.json)).toEqual(Object.keys(DIFFERENCES));
  });
});
