import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Requirement, starts } from '../../packages/local-aws/__tests__/support/requirements';
import { AWS_PROVIDER_VERSION, findAwsProviderMirror } from './aws-provider-mirror';

export const TERRAFORM: Requirement = {
  isPresent: () => starts('terraform', '-version'),
  missing: 'terraform is not installed (https://developer.hashicorp.com/terraform/install)',
};

/** Debian's name, and Chrome's own. */
const BROWSERS = ['chromium', 'google-chrome'];

/** A browser's executable: the one that CHROMIUM_PATH names, else the first on the PATH; undefined where none starts. */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.CHROMIUM_PATH ?? '', ...found].find(
    (path) => existsSync(path) && starts(path, '--version'),
  );
}

export const BROWSER: Requirement = {
  isPresent: () => findBrowser() !== undefined,
  missing: 'no Chromium is installed (apt-get install chromium, or CHROMIUM_PATH=FILE)',
};

export const AWS_PROVIDER: Requirement = {
  isPresent: () => findAwsProviderMirror() !== undefined,
  missing: `Terraform's AWS provider ${AWS_PROVIDER_VERSION} is not on disk (terraform providers mirror DIR, then TERRAFORM_PROVIDER_MIRROR=DIR)`,
};
