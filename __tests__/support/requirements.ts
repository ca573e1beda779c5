import { spawnSync } from 'node:child_process';

interface Requirement {
  /** The command that proves the part is there: it starts, and exits with 0. */
  readonly probe: readonly [command: string, ...args: string[]];
  /** What a skipped suite says. */
  readonly missing: string;
}

/** Parts that a suite may need and that a machine with only Node 20 does not have. One row per part. */
const REQUIREMENTS = {
  moto: {
    probe: ['moto_server', '--help'],
    missing: "moto's server is not installed (pip install 'moto[server]==5.2.1')",
  },
  terraform: {
    probe: ['terraform', '-version'],
    missing: 'terraform is not installed (https://developer.hashicorp.com/terraform/install)',
  },
} as const satisfies Record<string, Requirement>;

type RequirementName = keyof typeof REQUIREMENTS;

const answers = new Map<RequirementName, boolean>();

function isPresent(name: RequirementName): boolean {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const [command, ...args] = REQUIREMENTS[name].probe;
  const present = spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0;
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
