import { spawnSync } from 'node:child_process';

/** A part that a suite needs and that a machine with only Node does not have. */
export interface Requirement {
  /** Proves that the part is there. */
  readonly isPresent: () => boolean;
  /** What a skipped suite says. */
  readonly missing: string;
}

/** Whether a command starts and exits with 0. */
export const starts = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 300_000 }).status === 0;

export const MOTO: Requirement = {
  isPresent: () => starts('python3', '-c', 'import moto.moto_server.werkzeug_app'),
  missing: "moto's server is not installed (pip install 'moto[server]==5.2.1')",
};

/**
 * A `describe` that needs parts which not every machine has. When one is missing the suite is skipped and
 * its name tells why; under `CI=true` it fails instead, since a part that should be there is not.
 */
export function describeWith(required: readonly Requirement[], name: string, suite: () => void): void {
  const missing = required.filter(({ isPresent }) => !isPresent()).map(({ missing: what }) => what);
  if (missing.length === 0) describe(name, suite);
  else if (process.env.CI === 'true') {
    it(name, () => {
      throw new Error(`${name} cannot run: ${missing.join('; ')}. Under CI=true nothing is skipped.`);
    });
  } else describe.skip(`${name} [${missing.join('; ')}]`, suite);
}
