import { execFileSync } from 'node:child_process';
import { type CliHarness, startCliHarness } from '../cli-harness';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const scriptFor = async (shell: string) => {
  const { code, stdout } = await harness.run(['completion', shell]);
  expect(code).toBe(0);
  return stdout;
};

/** What bash would offer behind these words. */
async function offered(...words: string[]): Promise<string[]> {
  const quoted = ['migrate-buckets', ...words].map((word) => `'${word}'`).join(' ');
  const asking = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _migrate_buckets; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const script = `${await scriptFor('bash')}\n${asking}`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
}

it('completes commands, their options, and leaves values to the shell', async () => {
  expect(await offered('un')).toEqual(['unfreeze']);
  expect(await offered('')).toEqual(expect.arrayContaining(['plan', 'retire', 'rollback', '--version']));
  expect(await offered('retire', 'plan.json', '--accept')).toEqual([
    '--accept-unchecked',
    '--accept-loss',
    '--accept-idle',
    '--accept-expiry',
    '--accept-listeners',
  ]);
  expect(await offered('retire', 'pla')).toEqual(['']);
});

it('is for zsh by its imitation of bash, and for fish in its own words', async () => {
  expect(await scriptFor('zsh')).toBe(
    `autoload -U +X bashcompinit && bashcompinit\n${await scriptFor('bash')}`,
  );
  const lines = (await scriptFor('fish')).split('\n');
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^complete -c migrate-buckets -n __fish_use_subcommand -a plan -d 'Write plan\.json/,
    ),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(
      /-n '__fish_seen_subcommand_from retire' -l soak -r -d 'hours that must have passed/,
    ),
  );
  expect(lines).toContain(
    "complete -c migrate-buckets -n '__fish_seen_subcommand_from apply' -l confirm -r -d 'the source\\'s name or the plan\\'s digest, instead of being asked'",
  );
  expect((await harness.run(['completion', 'powershell'])).code).toBe(2);
});
