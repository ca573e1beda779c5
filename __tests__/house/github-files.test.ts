import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { MOTO } from '../../packages/local-aws/__tests__/support/requirements';

const REPOSITORY = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
const filesIn = (folder: string) => readdirSync(join(REPOSITORY, folder)).map((name) => `${folder}/${name}`);

describe('the workflows', () => {
  const workflows = filesIn('.github/workflows');

  /** The parser is an ES module, so it runs in a process of its own. */
  const errorsIn = async (paths: readonly string[]): Promise<Record<string, string[]>> => {
    const script = ['--import', 'tsx', join(__dirname, 'workflow-errors.mts')];
    const { stdout } = await promisify(execFile)(process.execPath, [...script, ...paths], {
      cwd: REPOSITORY,
    });
    return JSON.parse(stdout);
  };

  it("keep to GitHub's schema, which refuses what it does not know", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'workflow-'));
    const wrong = join(folder, 'wrong.yml');
    await writeFile(
      wrong,
      read('.github/workflows/deploy.yml').replace('id-token: write', 'id-tokens: write'),
    );
    const { [wrong]: errors, ...ours } = await errorsIn([...workflows, wrong]);
    await rm(folder, { recursive: true, force: true });
    expect(ours).toEqual(Object.fromEntries(workflows.map((path) => [path, []])));
    expect(errors).toEqual([expect.stringContaining("Unexpected value 'id-tokens'")]);
  });

  it.each(workflows)(
    '%s pins its actions by commit, stores no secret, and is given no more than it needs',
    (path) => {
      const { permissions, jobs } = parse(read(path)) as {
        permissions: object;
        jobs: Record<string, { permissions?: object; steps?: { uses?: string }[] }>;
      };
      expect(read(path)).not.toContain('secrets.');
      expect(permissions).toEqual({ contents: 'read' });
      for (const job of Object.values(jobs)) {
        const actions = (job.steps ?? []).flatMap(({ uses }) => uses ?? []);
        for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40}$/);
        const takesRole = actions.some((action) =>
          action.startsWith('aws-actions/configure-aws-credentials@'),
        );
        expect(job.permissions).toEqual(takesRole ? { contents: 'read', 'id-token': 'write' } : undefined);
      }
    },
  );

  it('run the same .ci/run, from the oldest Node that is supported on', () => {
    const { ci } = parse(read('.github/workflows/ci.yml')).jobs;
    expect(ci.steps.at(-1)).toEqual({ run: '.ci/run' });
    const oldest = Number(JSON.parse(read('package.json')).engines.node.match(/\d+/)[0]);
    expect(ci.strategy.matrix.node).toEqual([oldest, oldest + 2, oldest + 4]);
  });

  it("install moto's server in the version that the tests ask for", () => {
    const [wanted = 'none'] = MOTO.missing.match(/moto\[server]==[\d.]+/) ?? [];
    expect(read('.github/workflows/ci.yml')).toContain(wanted);
  });
});

describe("GitHub's other files", () => {
  const text = z.string().min(1);
  const required = z.strictObject({ required: z.boolean() });
  const described = { label: text, description: text.optional() };
  const typed = { ...described, placeholder: text.optional(), value: text.optional() };
  const named = { id: z.string().regex(/^[\w-]+$/), validations: required.optional() };
  /** As documented in "Syntax for GitHub's form schema". */
  const form = z.strictObject({
    name: text,
    description: text,
    title: text.optional(),
    labels: z.array(text).optional(),
    body: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: text }) }),
          z.strictObject({ type: z.literal('input'), ...named, attributes: z.strictObject(typed) }),
          z.strictObject({
            type: z.literal('textarea'),
            ...named,
            attributes: z.strictObject({ ...typed, render: text.optional() }),
          }),
          z.strictObject({
            type: z.literal('dropdown'),
            ...named,
            attributes: z.strictObject({ ...described, options: z.array(text).min(1) }),
          }),
          z.strictObject({
            type: z.literal('checkboxes'),
            id: named.id,
            attributes: z.strictObject({
              ...described,
              options: z.array(z.strictObject({ label: text, required: z.boolean().optional() })).min(1),
            }),
          }),
        ]),
      )
      .refine((fields) => fields.some(({ type }) => type !== 'markdown'), 'asks for nothing'),
  });

  it.each(filesIn('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml')))(
    '%s is an issue form, whose fields have names of their own',
    (path) => {
      const ids = form.parse(parse(read(path))).body.flatMap((field) => ('id' in field ? field.id : []));
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  it('let dependabot look after the npm packages and the actions', () => {
    const { version, updates } = parse(read('.github/dependabot.yml'));
    expect(version).toBe(2);
    expect(updates).toMatchObject([
      { 'package-ecosystem': 'npm', directory: '/', schedule: { interval: 'weekly' } },
      { 'package-ecosystem': 'github-actions', directory: '/', schedule: { interval: 'weekly' } },
    ]);
  });
});

it('every changeset names a package that there is, and how much its version grows', () => {
  const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
  const folders = workspaces.flatMap((path) => (path.endsWith('/*') ? filesIn(path.slice(0, -2)) : path));
  const names = folders.map((folder) => JSON.parse(read(`${folder}/package.json`)).name);
  const changesets = filesIn('.changeset').filter(
    (path) => path.endsWith('.md') && !path.endsWith('README.md'),
  );
  for (const path of changesets) {
    const [, releases = '', summary = ''] = read(path).split(/^---$/m);
    const named = Object.entries(parse(releases));
    expect(named.length).toBeGreaterThan(0);
    for (const [name, growth] of named) {
      expect(names).toContain(name);
      expect(['patch', 'minor', 'major']).toContain(growth);
    }
    expect(summary.trim()).not.toBe('');
  }
});

it.each(filesIn('docs/decisions'))('%s has a date and a status', (path) => {
  expect(read(path).split('\n')[2]).toMatch(
    /^\d{4}-\d\d-\d\d\. Status: (accepted|superseded by \[\d+]\(.*\.md\))$/,
  );
});
