import { App } from 'cdktf';
import { FUNCTION_NAMES, type FunctionPackages } from '../../contracts/functions';
import type { PipelineConfig } from '../../stacks/config';
import { asWritten } from '../../stacks/guards/reviewed/statements';
import { PipelineStack } from '../../stacks/pipeline-stack';
import { COLUMNS, statementRows, textOf } from '../../stacks/synthesized/statement-rows';
import { Synthesized } from '../../stacks/synthesized/synthesized';
import { VARIANTS } from './variants';

const HEAD = `# Policy statements

Each statement of each policy that the stack can hold, whichever way it is configured: the roles' trust policies, what
each role may do, and whom bucket, queues, topic, key, file system and endpoints let in. The synthesis refuses any other
statement (\`stacks/guards/reviewed-statements.ts\`), so that a wider action or resource is seen here, by whoever reviews
the change. Written by \`npm run statements\`: do not edit. What stands in braces is a setting of the configuration.
`;

/** What the table has to be: every statement of every variant once. */
export function statementsPage(): string {
  const rows = VARIANTS.flatMap(([, config]) =>
    statementRows(formOf(config)).map(({ cells }) => asWritten(textOf(cells), config)),
  );
  const table = [
    `| ${COLUMNS.join(' | ')} |`,
    `|${'---|'.repeat(COLUMNS.length)}`,
    ...[...new Set(rows)].sort(),
  ];
  return `${HEAD}\n${table.join('\n')}\n`;
}

/** Synthesized without its guards, which would refuse what this is to show. */
const formOf = (config: PipelineConfig): Synthesized =>
  Synthesized.of(new PipelineStack(new App(), config.prefix, { config, packages }));

/** Any file will do: no statement depends on what a package holds. */
const packages: FunctionPackages = new Map(
  FUNCTION_NAMES.map((name) => [name, { path: __filename, sha256: name }]),
);
