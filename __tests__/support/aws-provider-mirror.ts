import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The version of the AWS provider that the deploy tests run, and that the list of emulator drift is for. */
export const AWS_PROVIDER_VERSION = '5.100.0';

const PROVIDER = 'registry.terraform.io/hashicorp/aws';
const PLATFORM = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** Names a folder in the layout of `terraform providers mirror`; it is looked at before any other. */
const MIRROR_VARIABLE = 'TERRAFORM_PROVIDER_MIRROR';

/** Where Terraform itself looks for providers on disk, then where people and images keep them. */
const candidates = (): string[] => {
  const { [MIRROR_VARIABLE]: named, TF_PLUGIN_CACHE_DIR: cache, XDG_DATA_HOME: data } = process.env;
  return [
    named,
    cache,
    join(homedir(), '.terraform.d', 'plugins'),
    join(data ?? join(homedir(), '.local', 'share'), 'terraform', 'plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...['/opt', '/usr/local', '/usr/lib', '/var/lib', '/srv', homedir()].flatMap((root) => below(root, 2)),
  ].filter((folder) => folder !== undefined);
};

/** A folder and the folders under it, `depth` levels down. Links are not followed. */
function below(folder: string, depth: number): string[] {
  if (depth === 0) return [folder];
  try {
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...children.flatMap(({ name }) => below(join(folder, name), depth - 1))];
  } catch {
    return [folder];
  }
}

/** Both layouts that Terraform accepts: unpacked, and as the archive that the registry serves. */
const holdsProvider = (mirror: string): boolean =>
  existsSync(join(mirror, PROVIDER, AWS_PROVIDER_VERSION, PLATFORM)) ||
  existsSync(join(mirror, PROVIDER, `terraform-provider-aws_${AWS_PROVIDER_VERSION}_${PLATFORM}.zip`));

/**
 * The folder on this machine that holds the AWS provider in the layout of `terraform providers mirror`, or
 * undefined. Looked for in `TERRAFORM_PROVIDER_MIRROR`, in the folders that Terraform searches by itself,
 * then two levels deep where software is usually put.
 */
export const findAwsProviderMirror = (): string | undefined => candidates().find(holdsProvider);
