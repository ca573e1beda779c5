import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize, type Template } from '../support/template';

/** The environments whose configuration is in the repository: what people deploy first. */
export const ENVIRONMENTS = ['dev', 'prod'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

const CONFIG_DIRECTORY = join(__dirname, '..', '..', 'config');

/** The stack that an environment's committed configuration gives. */
export const shipped = (environment: Environment): Template =>
  synthesize(JSON.parse(readFileSync(join(CONFIG_DIRECTORY, `${environment}.json`), 'utf8')), {
    environment,
  });
