import { name, version } from '../../../../cli/migrate-buckets/package.json';
import { type CliHarness, startCliHarness } from '../cli-harness';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

it.each([
  [['--version', '--json']],
  [['--json', '-V']],
  [['version', '--json']],
  [['plan', '--version', '--json']],
])('says by %j which release it is, on which Node, and which plans it reads', async (args) => {
  const { code, stderr, events } = await harness.run(args);
  expect({ code, stderr, events }).toEqual({
    code: 0,
    stderr: '',
    events: [
      {
        event: 'result',
        command: 'version',
        exit_code: 0,
        name,
        version,
        node: process.versions.node,
        plan_version: 2,
      },
    ],
  });
});

it.each([[['--version']], [['-V']], [['version']], [['retire', '--version']]])(
  'says by %j the release alone to people',
  async (args) => {
    expect(await harness.run(args)).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  },
);
