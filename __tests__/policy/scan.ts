import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../stacks/config';
import { workingDirectory } from '../../stacks/working-directory';
import { EXEMPTIONS } from './exemptions';
import { RULES } from './rules';

/*
 * `npm run scan`: the installed Checkov or Trivy on what `main.ts` synthesized, without the findings that
 * exemptions.ts accepts for the environment. The policy suite checks the same rules without either.
 */

const config = loadConfig();
const { environment } = config;
const SYNTHESIZED = join(__dirname, '..', '..', 'cdktf.out', workingDirectory(config));

/** All ids of the rules that the environment is exempt from. */
const accepted = EXEMPTIONS.filter(({ environments }) => environments.some((name) => name === environment))
  .flatMap(({ type, id }) => RULES.filter((rule) => rule.type === type && rule.ids[0] === id))
  .flatMap(({ ids }) => ids);

const SCANNERS = [
  {
    command: 'checkov',
    arguments: () => [
      ...['--directory', SYNTHESIZED, '--framework', 'terraform_json', '--compact', '--quiet'],
      ...['--skip-check', accepted.filter((id) => id.startsWith('CKV')).join(',')],
    ],
  },
  {
    command: 'trivy',
    arguments: () => {
      const ignored = join(mkdtempSync(join(tmpdir(), 'chroma-pipeline-scan-')), 'ignored');
      writeFileSync(ignored, accepted.filter((id) => id.startsWith('AVD')).join('\n'));
      return ['config', '--exit-code', '1', '--ignorefile', ignored, SYNTHESIZED];
    },
  },
];

const installed = SCANNERS.filter(({ command }) => spawnSync(command, ['--version']).status === 0);
for (const scanner of installed) {
  const { status } = spawnSync(scanner.command, scanner.arguments(), { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
if (installed.length === 0) {
  console.error(
    'Nothing was scanned: neither Checkov nor Trivy is installed. Install one (pip install checkov, or trivy), or rely on the policy suite, which checks the same rules: npx jest __tests__/policy',
  );
  process.exitCode = 2;
}
