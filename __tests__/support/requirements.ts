import { execFileSync } from 'node:child_process';
import { type Requirement, starts } from '../../packages/local-aws/__tests__/support/requirements';
import { AWS_PROVIDER_VERSION, findAwsProviderMirror } from './aws-provider-mirror';

export const TERRAFORM: Requirement = {
  isPresent: () => starts('terraform', '-version'),
  missing: 'terraform is not installed (https://developer.hashicorp.com/terraform/install)',
};

/** The npm package that carries a Chromium has it for Linux on x64 alone. */
const CARRIES_ONE = process.platform === 'linux' && process.arch === 'x64';

/** A browser's executable: the one that CHROMIUM_PATH names, else the one that npm brought. */
export function findBrowser(): string | undefined {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH !== undefined) return CHROMIUM_PATH;
  if (!CARRIES_ONE) return undefined;
  // It unpacks itself, and is a module that only `import` reads.
  const unpack = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath());";
  return execFileSync(process.execPath, ['--input-type=module', '-e', unpack], { encoding: 'utf8' }).trim();
}

export const BROWSER: Requirement = {
  isPresent: () => process.env.CHROMIUM_PATH !== undefined || CARRIES_ONE,
  missing: 'npm brings no Chromium for this system (CHROMIUM_PATH=FILE names one)',
};

export const AWS_PROVIDER: Requirement = {
  isPresent: () => findAwsProviderMirror() !== undefined,
  missing: `Terraform's AWS provider ${AWS_PROVIDER_VERSION} is not on disk (terraform providers mirror DIR, then TERRAFORM_PROVIDER_MIRROR=DIR)`,
};
