import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, TerraformStack } from 'cdktf';
import type { PipelineConfig } from './config';

const LOCK = '.terraform.lock.hcl';
const COMMITTED_LOCK = join(__dirname, '..', LOCK);

/** Where Terraform works for an environment, below the app's output folder. */
export const workingDirectory = ({ prefix }: Pick<PipelineConfig, 'prefix'>): string =>
  join('environments', prefix);

/**
 * Gives the environment a working directory of its own: in a shared one Terraform takes the second environment's
 * backend for the first one's that moved, and offers to copy the state. Not below `stacks`, where the CLI deletes
 * whatever the last synthesis did not make: another environment's directory, under a deploy that is running there.
 */
export function separate(app: App, stack: TerraformStack, config: PipelineConfig): void {
  const directory = workingDirectory(config);
  Object.assign(app.manifest.forStack(stack), {
    workingDirectory: directory,
    synthesizedStackPath: join(directory, app.manifest.stackFileName),
  });
  mkdirSync(join(app.outdir, directory), { recursive: true });
  if (config.functions.runtime !== 'nodejs24.x') lockProviders(join(app.outdir, directory, LOCK));
}

/**
 * Puts the committed lock file where Terraform looks for it. A copy to which Terraform has added this machine's own
 * hash stays: without that hash every `init` would download the provider again.
 */
function lockProviders(file: string): void {
  const lines = readFileSync(COMMITTED_LOCK, 'utf8').split('\n');
  const present = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  if (!lines.every((line) => present.includes(line))) copyFileSync(COMMITTED_LOCK, file);
}
