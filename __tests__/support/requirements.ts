import { spawnSync } from 'node:child_process';
import { AWS_PROVIDER_VERSION, findAwsProviderMirror } from './aws-provider-mirror';

interface Requirement {
  /** Proves that the part is there. */
  readonly isPresent: () => boolean;
  /** What a skipped suite says. */
  readonly missing: string;
}

/** Whether a command starts and exits with 0. */
const starts = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0;

/** Parts that a suite may need and that a machine with only Node 20 does not have. One row per part. */
const REQUIREMENTS = {
  moto: {
    isPresent: () => starts('python3', '-c', 'import moto.moto_server.werkzeug_app'),
    missing: "moto's server is not installed (pip install 'moto[server]==5.2.1')",
  },
  terraform: {
    isPresent: () => starts('terraform', '-version'),
    missing: 'terraform is not installed (https://developer.hashicorp.com/terraform/install)',
  },
  awsProvider: {
    isPresent: () => findAwsProviderMirror() !== undefined,
    missing: `Terraform's AWS provider ${AWS_PROVIDER_VERSION} is not on disk (terraform providers mirror DIR, then TERRAFORM_PROVIDER_MIRROR=DIR)`,
  },
} as const satisfies Record<string, Requirement>;

type RequirementName = keyof typeof REQUIREMENTS;

const answers = new Map<RequirementName, boolean>();

function isPresent(name: RequirementName): boolean {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const present = REQUIREMENTS[name].isPresent();
  answers.set(name, present);
  return present;
}

/**
 * A `describe` that needs parts which not every machine has. When one is missing the suite is skipped and
 * its name tells why; under `CI=true` it fails instead, since a part that should be there is not.
 */
export function describeWith(
  needed: Partial<Record<RequirementName, true>>,
  name: string,
  suite: () => void,
): void {
  const missing = (Object.keys(needed) as RequirementName[])
    .filter((requirement) => !isPresent(requirement))
    .map((requirement) => REQUIREMENTS[requirement].missing);
  if (missing.length === 0) describe(name, suite);
  else if (process.env.CI === 'true') {
    it(name, () => {
      throw new Error(`${name} cannot run: ${missing.join('; ')}. Under CI=true nothing is skipped.`);
    });
  } else describe.skip(`${name} [${missing.join('; ')}]`, suite);
}
